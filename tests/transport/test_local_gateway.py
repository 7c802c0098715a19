"""A gateway within a program: from config to the last lease."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sparingly.errors import ConfigError
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER
from sparingly.transport.asked import Asked
from sparingly.transport.httpx import SparinglyTransport
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

    assert "in use" in _run(program, tmp_path)


def test_clients_made_alike_share_a_gateway(tmp_path: Path) -> None:
    """As in a notebook whose cell runs twice; with another config it is another gateway, which the folder refuses."""
    config = {"data_dir": str(tmp_path), "cache": {"semantic": False}}

    one, two = LocalGateway.like(config), LocalGateway.like(dict(config))

    assert one is two
    assert LocalGateway.like(config | {"cache": {"semantic": True}}) is not one


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_an_address_that_could_not_be_opened_may_be_tried_again(tmp_path: Path) -> None:
    """A config that is being edited is no reason to refuse its clients until the program ends."""
    config = tmp_path / "gateway.yaml"
    text = f"data_dir: {tmp_path / 'data'}\nrouting: {{retry: {{attempts: 1}}}}\n"
    config.write_text(text)
    with httpx.Client(transport=SparinglyTransport(LocalGateway(config, environ={}))) as client:
        first = client.get("http://127.0.0.1:1/v1/files")
        config.write_text("cache: 5")
        with pytest.raises(httpx.ConnectError, match="cache"):
            client.get("http://127.0.0.1:2/v1/files")
        config.write_text(text)

        again = client.get("http://127.0.0.1:2/v1/files")

    assert (first.status_code, again.status_code) == (502, 502)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_an_interrupted_opening_leaves_no_lock(tmp_path: Path) -> None:
    """Ctrl-C while the first request waits for the gateway: the next one opens it."""
    program = """
import signal, sys, threading
from sparingly.transport.asked import Asked
from sparingly.transport.local_gateway import LocalGateway

local = LocalGateway({"data_dir": sys.argv[1]}, environ={})
asked = Asked("GET", "/v1/models", b"", (), b"")

def interrupt():
    while all(thread.name != "sparingly" for thread in threading.enumerate()):
        pass
    signal.raise_signal(signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    local.opened("http://x", asked)
except KeyboardInterrupt:
    print("interrupted", local.is_open)
local.opened("http://x", asked)
print("open", local.is_open)
"""

    assert _run(program, tmp_path) == "interrupted False\nopen True\n"


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_fork_while_the_lock_is_held_hangs_nobody(tmp_path: Path) -> None:
    """The child has the lock and not the thread that would let it go."""
    program = """
import os, signal, sys
from sparingly.transport.local_gateway import LocalGateway

local = LocalGateway({"data_dir": sys.argv[1]}, environ={})
local._lock.acquire()
if os.fork() == 0:
    signal.alarm(20)
    local.lease().close()
    os._exit(0)
print(os.wait()[1])
local._lock.release()
"""

    assert _run(program, tmp_path) == "0\n"


def _run(program: str, folder: Path) -> str:
    """What a program prints."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    return done.stdout
