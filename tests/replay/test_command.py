import argparse
import json
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.errors import LogError, StartupError
from sparingly.replay.command import Options, add_arguments, config_checksum, options_of, replay_command
from sparingly.replay.report import Report
from tests.replay.log_files import line, write_log
from tests.replay.world import world

pytestmark = pytest.mark.anyio


async def _run(options: Options) -> Report:
    return await replay_command(
        options,
        cache=CachePolicy(),
        routing=RoutingPolicy(),
        config_sha256="0" * 64,
        world=world(),
        console=Console(file=StringIO(), width=100),
    )


async def test_results_go_where_they_are_wanted(tmp_path: Path) -> None:
    """A report, a page, and one line a decision with the contract's fields."""
    log = write_log(tmp_path, line("a", 0), line("b", 1))
    options = Options(
        log=log, json=tmp_path / "r.json", html=tmp_path / "r.html", decisions=tmp_path / "d.jsonl"
    )

    found = await _run(options)

    assert json.loads((tmp_path / "r.json").read_bytes())["exact_hits"] == found.exact_hits == 1
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    decisions = [json.loads(text) for text in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert [one["verdict"] for one in decisions] == ["miss", "exact"]
    assert decisions[1].keys() >= {
        *("id", "verdict", "reason", "similarity", "nearest_id", "probability", "neighbor_id"),
        *("route", "model", "scores", "cost_usd"),
    }


async def test_a_bad_log_writes_nothing_over(tmp_path: Path) -> None:
    """The error comes before any result, and an older report stays."""
    log = write_log(tmp_path, line("a", 0), "{")
    report = tmp_path / "r.json"
    report.write_text("older")

    with pytest.raises(LogError, match=r"log\.jsonl:2"):
        await _run(Options(log=log, json=report, html=tmp_path / "r.html"))

    assert report.read_text() == "older"
    assert not (tmp_path / "r.html").exists()


async def test_an_unwritable_result_is_found_out_first(tmp_path: Path) -> None:
    """One clear line before minutes of playing, not after."""
    log = tmp_path / "missing.jsonl"

    with pytest.raises(StartupError, match=r"cannot write .*r\.json: there is no folder"):
        await _run(Options(log=log, json=tmp_path / "no" / "r.json"))
    with pytest.raises(StartupError, match=r"cannot write .*: not permitted, or a folder"):
        await _run(Options(log=log, html=tmp_path))


async def test_endpoints_that_cannot_be_played_are_refused(tmp_path: Path) -> None:
    """The message names those that can."""
    log = write_log(tmp_path, line("a", 0, path="/v1/poems"))

    with pytest.raises(LogError, match=r"known: .*/v1/chat/completions"):
        await _run(Options(log=log))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x.jsonl"], Options(log=Path("x.jsonl"))),
        (
            ["x", "--format", "litellm", "--insert", "all", "--seed", "3", "--json", "r", "--html", "h"],
            Options(log=Path("x"), form="litellm", insert="all", seed=3, json=Path("r"), html=Path("h")),
        ),
        (
            ["x", "--answers", "y", "--decisions", "d"],
            Options(log=Path("x"), answers=Path("y"), decisions=Path("d")),
        ),
    ],
)
async def test_arguments_are_options(arguments: list[str], expected: Options) -> None:
    """Every option has its argument, and the defaults agree."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    assert options_of(parser.parse_args(arguments)) == expected


async def test_the_config_is_known_by_its_file() -> None:
    """As `sha256sum` prints it; without a file the defaults have a checksum of their own."""
    assert config_checksum(b"cache: {}\n", CachePolicy()) == sha256(b"cache: {}\n").hexdigest()
    assert config_checksum(None, CachePolicy()) == config_checksum(None, CachePolicy())
    assert config_checksum(None, CachePolicy()) != config_checksum(None, CachePolicy(k=6))
