"""A replay with the gateway's own parts: the real embedder and store, an empty folder of its own."""

import tempfile
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from sparingly.config.loading import load_settings
from sparingly.core.policy import RoutingPolicy, Tier
from sparingly.errors import LogError
from sparingly.replay.command import Options
from sparingly.replay.report import Report
from sparingly.replaying import run_replay
from sparingly.settings import Settings
from tests.replay.log_files import chat, completion, line, write_log

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

PLAIN = load_settings(None, {})


async def run(log: Path, settings: Settings = PLAIN, *, config: bytes | None = None) -> Report:
    return await run_replay(Options(log=log), settings, config=config, console=Console(quiet=True))


async def test_a_recorded_model_needs_no_provider(tmp_path: Path) -> None:
    """Whatever was asked for when the log was written; equal and close requests hit."""
    log = write_log(
        tmp_path,
        line("a", 0, "How do I reset my password?", response=completion("So."), label="x"),
        line("b", 1, "How do I reset my password?", response=completion("So."), label="x"),
        line("c", 2, "How do I reset my  password?", response=completion("So."), label="x"),
        {"id": "d", "time": 3, "request": chat("Hello?", model="unheard-of"), "response": completion("Hi.")},
    )

    found = await run(log)

    assert (found.requests, found.exact_hits, found.semantic_hits, found.right_hits) == (4, 1, 1, 2)


async def test_tiers_are_chosen_by_the_local_classifier(tmp_path: Path) -> None:
    """As the live gateway would."""
    tiers = {"simple": Tier(model="gpt-4o-mini"), "complex": Tier(model="gpt-4o")}
    settings = msgspec.structs.replace(PLAIN, routing=RoutingPolicy(names={"auto": "tiers"}, tiers=tiers))
    log = write_log(tmp_path, {"id": "a", "time": 0, "request": chat("Hi!", model="auto"), "response": None})

    found = await run(log, settings)

    assert sum(found.routes.values()) == 1
    assert found.routes.keys() <= {"gpt-4o-mini", "gpt-4o"}


async def test_the_report_names_the_config_by_its_own_bytes(tmp_path: Path) -> None:
    """So that a result can be traced to a file."""
    log = write_log(tmp_path, line("a"))

    found = await run(log, config=b"cache: {}\n")

    assert found.config_sha256 == sha256(b"cache: {}\n").hexdigest()


async def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither after a replay nor after one that fails."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    found = await run(write_log(tmp_path, line("a")))
    with pytest.raises(LogError):
        await run(write_log(tmp_path, line("a"), "{"))

    assert found.requests == 1
    assert list(folder.glob("sparingly-*")) == []
