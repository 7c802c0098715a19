"""A gateway within a program: from config to the last lease."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sparingly.errors import ConfigError
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER
from sparingly.transport.asked import Asked
from sparingly.transport.local_gateway import LocalGateway
from tests.pipeline.wire import request_body

ASKED = Asked("GET", "/v1/models", b"", (), b"")


def test_a_wrong_config_is_told_at_once() -> None:
    """Not by the first request."""
    with pytest.raises(ConfigError, match=r"cache\.thresold: unknown key; did you mean"):
        LocalGateway({"cache": {"thresold": 0.9}})


def test_a_file_says_the_same_as_a_mapping(tmp_path: Path) -> None:
    """By its path, as text or as a path."""
    (tmp_path / "gateway.yaml").write_text("cache: {mode: sometimes}")

    for path in (str(tmp_path / "gateway.yaml"), tmp_path / "gateway.yaml"):
        with pytest.raises(ConfigError, match=r"cache\.mode: expected one of"):
            LocalGateway(path)


def test_the_clients_name_is_taken() -> None:
    """It stands for the address that a client asks."""
    with pytest.raises(ConfigError, match="taken"):
        LocalGateway({"providers": {"client": {"kind": "simulated"}}})


def test_a_missing_key_is_told_at_once() -> None:
    """Of a provider that the config adds."""
    with pytest.raises(ConfigError, match="NO_SUCH_KEY is not set"):
        LocalGateway({"providers": {"a": {"key_env": "NO_SUCH_KEY"}}}, environ={})


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_it_opens_with_the_first_request_and_closes_with_the_last_lease(tmp_path: Path) -> None:
    """And opens again for who comes later."""
    gateway = LocalGateway({"data_dir": str(tmp_path / "data")}, environ={})
    first, second = gateway.lease(), gateway.lease()
    assert not (tmp_path / "data").exists()

    gateway.opened("http://127.0.0.1:1", ASKED)
    first.close()
    first.close()
    assert gateway.is_open
    second.close()
    assert not gateway.is_open
    with gateway:
        gateway.opened("http://127.0.0.1:1", ASKED)
        assert gateway.is_open


_FORGETFUL = """
import sys, httpx
from sparingly.transport.httpx import SparinglyTransport

client = httpx.Client(transport=SparinglyTransport({"data_dir": sys.argv[1]}), base_url=sys.argv[2])
client.post("/v1/chat/completions", content=sys.argv[3])
print("done")
"""


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_program_that_closes_nothing_ends_and_loses_nothing(tmp_path: Path) -> None:
    """What was answered is in the ledger, and no process stays behind."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [
        sys.executable,
        "-c",
        _FORGETFUL,
        str(tmp_path),
        "http://127.0.0.1:1",
        request_body("?").decode(),
    ]

    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, env=environ, capture_output=True, text=True, timeout=50, check=True
    )

    assert done.stdout == "done\n"
    assert "Traceback" not in done.stderr
    assert b"upstream-unreachable" in (tmp_path / LEDGER).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_forked_child_does_not_hang(tmp_path: Path) -> None:
    """It has none of the threads: it opens a gateway of its own, or says that the folder is in use."""
    program = """
import os, sys, httpx
from sparingly.transport.httpx import SparinglyTransport

client = httpx.Client(transport=SparinglyTransport({"data_dir": sys.argv[1]}), base_url="http://127.0.0.1:1")
client.get("/v1/models")
if os.fork() == 0:
    try:
        client.get("/v1/models")
    except httpx.ConnectError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
client.close()
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, str(tmp_path)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )

    assert "in use" in done.stdout
    assert done.returncode != -signal.SIGKILL
