"""Where the clients of these tests are installed; a test whose client is not there is skipped.

`SPARINGLY_CLIENTS` names a folder with a `node_modules` and a `venv`, as made by

    python -m venv $SPARINGLY_CLIENTS/venv
    $SPARINGLY_CLIENTS/venv/bin/pip install langchain-openai langchain-anthropic \\
        llama-index-llms-openai llama-index-llms-anthropic "anthropic<1" litellm mcp
    npm install --prefix $SPARINGLY_CLIENTS @anthropic-ai/claude-code @openai/codex ai @ai-sdk/openai \\
        @ai-sdk/anthropic zod

Without it the coding agents on the PATH are run, and nothing else.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import plain_environment

PROGRAMS = Path(__file__).parent / "programs"

# Coding agents take some seconds to start on a busy machine; one that hangs must not hang the tests.
_PATIENCE_S = 100.0


def skip_without_any(*commands: str) -> None:
    """Skip before a gateway is started for tests that will all be skipped."""
    if folder() is None and all(shutil.which(name) is None for name in commands):
        pytest.skip("SPARINGLY_CLIENTS names no folder (see tests/clients/installed.py)")


def folder() -> Path | None:
    """The folder that `SPARINGLY_CLIENTS` names."""
    named = os.environ.get("SPARINGLY_CLIENTS")
    return Path(named) if named else None


def python_with(*modules: str) -> str:
    """An interpreter that can import the modules."""
    there = folder()
    python = there / "venv" / "bin" / "python" if there is not None else None
    if python is not None and python.exists():
        code = f"import importlib.util as i; assert all(i.find_spec(m) for m in {modules!r})"
        # A parent package that is missing raises before the assertion.
        if subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return str(python)
    pytest.skip(f"not installed: {', '.join(modules)} (see tests/clients/installed.py)")


def node_modules_with(*packages: str) -> Path:
    """A folder of node packages."""
    there = folder()
    if shutil.which("node") is None:
        pytest.skip("there is no node on the PATH")
    if there is None or not all((there / "node_modules" / name).is_dir() for name in packages):
        pytest.skip(f"not installed: {', '.join(packages)} (see tests/clients/installed.py)")
    return there / "node_modules"


def command(name: str) -> str:
    """A command line program."""
    there = folder()
    own = there / "node_modules" / ".bin" / name if there is not None else None
    found = str(own) if own is not None and own.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} on the PATH (see tests/clients/installed.py)")
    return found


def told_by(program: list[str], *, cwd: Path | None = None, **environ: str) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(  # noqa: S603 - the client under test
        program,
        env=plain_environment(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"{program[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def told_as_json(program: list[str], *, cwd: Path | None = None, **environ: str) -> dict[str, Any]:
    """The last line that a program prints."""
    told: dict[str, Any] = json.loads(told_by(program, cwd=cwd, **environ).splitlines()[-1])
    return told
