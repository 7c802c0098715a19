"""The background thread's life."""

import asyncio
import threading
from pathlib import Path

import pytest

from sparingly.errors import StartupError
from sparingly.transport.asked import Asked
from sparingly.transport.local_gateway import LocalGateway
from sparingly.upstreams.asgi_exchange import Broken

ASKED = Asked("GET", "/v1/models", b"", (), b"")


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_it_takes_work_from_any_thread_until_it_ends(tmp_path: Path) -> None:
    """Afterwards it says that it has ended, and its thread is gone."""
    gateway = LocalGateway({"data_dir": str(tmp_path)}, environ={})
    running = gateway.opened("http://127.0.0.1:1", ASKED)

    async def name() -> str:
        return threading.current_thread().name

    assert running.submit(name()).result() == "sparingly"
    running.end()
    running.end()
    with pytest.raises(Broken, match="closed"):
        running.submit(asyncio.sleep(0))
    assert "sparingly" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_one_that_cannot_open_leaves_no_thread(tmp_path: Path) -> None:
    """The reason is raised where somebody waits for the start."""
    (tmp_path / "file").write_text("")
    gateway = LocalGateway({"data_dir": str(tmp_path / "file" / "data")}, environ={})

    with pytest.raises(StartupError, match="cannot write the data folder"):
        gateway.opened("http://127.0.0.1:1", ASKED)

    assert not gateway.is_open
