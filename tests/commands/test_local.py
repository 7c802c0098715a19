"""Steering a data folder while no gateway runs, and a running gateway beside it: the real parts, on loopback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sparingly.cli import main
from sparingly.commands.local import LocalCache, open_local
from sparingly.core.chat import Tenant
from sparingly.errors import StartupError
from sparingly.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.embedder import HashingEmbedder
from tests.fakes.store import FakeStore

KEY = "the-admin-key"
CONFIG = """\
providers: {{simulated: {{kind: simulated}}}}
server: {{port: 0}}
data_dir: {data}
log_level: error
"""


@contextmanager
def a_gateway(config: Path) -> Iterator[str]:
    """A gateway process; yields its address."""
    command = [sys.executable, "-m", "sparingly", "serve", "--config", str(config)]
    environ = {"SPARINGLY_ADMIN_KEY": KEY, "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)  # noqa: S603 - ourselves
    try:
        assert process.stdout is not None
        _, found, url = process.stdout.readline().strip().partition("listening on ")
        assert found
        yield url.removesuffix("/v1")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def ask(url: str, question: str) -> httpx.Headers:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=30, trust_env=False)
    assert answer.status_code == 200
    return answer.headers


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What a command prints."""
    assert main(words) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_cache_is_steered_from_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP while the gateway runs, in its folder when it has stopped; a denied answer is gone in between."""
    monkeypatch.setenv("SPARINGLY_ADMIN_KEY", KEY)
    data, config = tmp_path / "data", tmp_path / "gateway.yaml"
    config.write_text(CONFIG.format(data=data))
    request = tmp_path / "request.json"
    question = "How do I reset my password?"
    request.write_text(json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}))
    with a_gateway(config) as url:
        ask(url, question)
        denied = ask(url, question)["x-sparingly-id"]
        ask(url, "What is the capital of France?")

        # Answers are written after they are served.
        counts = (json.loads(told(capsys, "cache", "show", "--url", url, "--json")) for _ in range(200))
        assert any(count["entries"] == 2 for count in counts)
        word = {"id": denied, "verdict": "wrong"}
        answer = httpx.post(f"{url}/v1/sparingly/feedback", json=word, timeout=30, trust_env=False)
        assert answer.json()["done"] == "revoked"
        assert httpx.get(f"{url}/admin/cache", timeout=30, trust_env=False).status_code == 401
        found = json.loads(told(capsys, "explain", str(request), "--url", url, "--json"))
        assert found["ruling"]["verdict"] == "miss"
        assert "in use by another process" in told(capsys, "cache", "show", "--data", str(data), code=1)
        told(capsys, "cache", "export", str(tmp_path / "cache.jsonl"), "--url", url)
    folder = ("--data", str(data), "--config", str(config))

    entries = json.loads(told(capsys, "cache", "search", "capital", *folder, "--json"))["entries"]
    assert [one["question"] for one in entries] == ["What is the capital of France?"]
    assert "forgot 1 entries" in told(capsys, "cache", "forget", entries[0]["source"], *folder, "--yes")
    assert "nothing matches" in told(capsys, "cache", "forget", entries[0]["id"], *folder, code=1)
    assert "imported 1 entries" in told(capsys, "cache", "import", str(tmp_path / "cache.jsonl"), *folder)
    found = json.loads(told(capsys, "explain", str(request), *folder, "--json"))
    assert len(found["neighbors"]) == 1
    new = ("--data", str(tmp_path / "new"), "--config", str(config))
    assert "imported 1 entries" in told(capsys, "cache", "import", str(tmp_path / "cache.jsonl"), *new)
    assert json.loads(told(capsys, "cache", "show", *new, "--json"))["entries"] == 1


@pytest.mark.anyio
async def test_a_folder_without_answers_is_told(tmp_path: Path) -> None:
    """And nothing is made in it."""
    with pytest.raises(StartupError, match="there are no answers"):
        async with open_local(Settings(), {}, data=tmp_path / "none", absent="refuse"):
            pass

    assert not (tmp_path / "none").exists()


@pytest.mark.anyio
async def test_without_a_router_nothing_is_explained() -> None:
    cache = LocalCache(store=FakeStore(), embedder=HashingEmbedder(), clock=FakeClock(), pipeline=None)

    with pytest.raises(StartupError, match="router"):
        await cache.explain(b"{}", tenant=Tenant("acme"))
