"""Which clients work, in which dialect?  Runs the tests of real clients and counts.

The clients beyond the two SDKs are looked for where SPARINGLY_CLIENTS says (see
tests/clients/installed.py); what is not installed is counted as skipped.  All run against
a gateway on loopback in front of the simulated provider.

    SPARINGLY_CLIENTS=FOLDER python -m benchmarks.web.compatibility      writes results/compatibility.json
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks.result import write_result

ROOT = Path(__file__).parent.parent.parent
CHAT, RESPONSES, MESSAGES = "Chat Completions", "Responses", "Messages"
_OF_PARAMETER = {"openai": CHAT, "responses": RESPONSES, "anthropic": MESSAGES}

# Whose tests these are, by the beginning of module and name; the dialect where it is not a parameter.
_WHOSE = (
    ("test_openai_python.", "openai-python", CHAT),
    ("test_openai_embeddings.", "openai-python", CHAT),
    ("test_openai_responses.", "openai-python", RESPONSES),
    ("test_anthropic_python.", "anthropic-python", MESSAGES),
    ("test_anthropic_beside_openai.", "anthropic-python", MESSAGES),
    ("test_frameworks.test_langchain", "LangChain", None),
    ("test_frameworks.test_llama_index", "LlamaIndex", None),
    ("test_frameworks.test_litellm", "LiteLLM SDK", None),
    ("test_frameworks.test_the_vercel_ai_sdk", "Vercel AI SDK", None),
    ("test_coding_agents.test_claude_code", "Claude Code", MESSAGES),
    ("test_coding_agents.test_codex", "Codex CLI", RESPONSES),
    ("test_agents_preset.test_claude_code", "Claude Code", MESSAGES),
    ("test_agents_preset.test_codex", "Codex CLI", RESPONSES),
)
_PACKAGES = {
    "Vercel AI SDK": "ai",
    "Claude Code": "@anthropic-ai/claude-code",
    "Codex CLI": "@openai/codex",
}
_DISTRIBUTIONS = {
    "LangChain": "langchain_openai",
    "LlamaIndex": "llama_index_core",
    "LiteLLM SDK": "litellm",
}


def main() -> None:
    """Run, count, write."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "-q", "tests/clients", f"--junitxml={report}"]
        subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own tests; a failure is a figure
        counts = counted(report.read_text(encoding="utf-8"))
    figures = {"what": __doc__, "clients": counts, "versions": _versions()}
    print(write_result("compatibility", figures))


def counted(junit: str) -> dict[str, dict[str, dict[str, int]]]:
    """Passed, failed and skipped tests by client and dialect, from a report in JUnit's form."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for case in ET.fromstring(junit).iter("testcase"):  # noqa: S314 - written by our own test run
        name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name', '')}"
        whose = next((one for one in _WHOSE if name.startswith(one[0])), None)
        if whose is None:
            continue
        _, client, dialect = whose
        parameter = name.partition("[")[2].rstrip("]").partition("-")[0]
        spoken = dialect or _OF_PARAMETER[parameter]
        counts = found[client].setdefault(spoken, {"passed": 0, "failed": 0, "skipped": 0})
        children = {child.tag for child in case}
        if children & {"failure", "error"}:
            counts["failed"] += 1
        else:
            counts["skipped" if "skipped" in children else "passed"] += 1
    return dict(found)


def _versions() -> dict[str, str]:
    """Of the clients that were found."""
    found = {"openai-python": version("openai"), "anthropic-python": version("anthropic")}
    folder = Path(os.environ.get("SPARINGLY_CLIENTS", ""))
    for client, package in _PACKAGES.items():
        about = folder / "node_modules" / package / "package.json"
        if about.is_file():
            found[client] = json.loads(about.read_text(encoding="utf-8"))["version"]
    for client, name in _DISTRIBUTIONS.items():
        for about in folder.glob(f"venv/lib/python*/site-packages/{name}-*.dist-info"):
            found[client] = about.name.removesuffix(".dist-info").rpartition("-")[2]
    return found


if __name__ == "__main__":
    main()
