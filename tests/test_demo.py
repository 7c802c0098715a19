"""The demo: the real gateway, a bundled log, and what came of it."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sparingly.config.loading import load_settings
from sparingly.demo import CONFIG
from tests.gateway_process import plain_environment

# Some 400 requests, one after the other, and two replays of them: 10 s on an idle machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def demo(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the command under test
        [sys.executable, "-m", "sparingly", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=plain_environment({"COLUMNS": "120"}),
        text=True,
    )


def test_the_demos_config_is_one(tmp_path: Path) -> None:
    """Whatever the folder is called."""
    log = tmp_path / "log.jsonl"
    log.write_text("")
    file = tmp_path / "demo.yaml"
    file.write_text(CONFIG.format(log=log, latency_s=0.1, port=0, data=tmp_path / "data"))

    settings = load_settings(file, {})

    assert settings.providers["simulated"].kind == "simulated"
    assert settings.data_dir == str(tmp_path / "data")
    assert list(settings.routing.tiers) == ["simple", "standard", "complex"]


def test_it_shows_what_was_saved_and_what_was_wrong() -> None:
    """The whole way, twice at the same time: one ends after its tables, one serves on until Ctrl-C."""
    with demo("--once") as once, demo() as serving:
        told = _told_until_curl(serving)
        paste = told[told.index("curl ") :].strip()
        answer = subprocess.run(["/bin/sh", "-c", paste], capture_output=True, text=True, check=True)  # noqa: S603 - the line that a user pastes
        serving.send_signal(signal.SIGINT)
        rest, errors = serving.communicate(timeout=60)
        told_once, errors_once = once.communicate(timeout=120)

    assert (serving.returncode, rest.strip(), errors) == (0, "", "")
    assert (once.returncode, errors_once) == (0, "")
    assert answer.stdout.startswith("HTTP/1.1 200 OK")
    assert "curl" not in told_once
    for said in (told, told_once):
        assert "simulated provider" in said
        for row in (
            *("requests", "exact hits", "semantic hits", "wrong hits", "models called", "baseline cost"),
            *("cost now", "saved", "latency of hits", "latency of misses"),
            *("neither", "cache only", "routing only", "both"),
        ):
            assert row in said
        found = re.search(r"saved\s+│\s+\$([0-9.]+)", said)
        assert found is not None
        assert float(found[1]) > 0


def _told_until_curl(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("curl "):
            break
    return told


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    """The gateway says what is wrong, the demo that it did not start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with demo("--once", "--port", str(port)) as process:
            _, errors = process.communicate(timeout=60)

    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in errors
    assert "Traceback" not in errors
