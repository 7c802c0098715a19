import argparse
import json
import random
import stat
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from sparingly.config.loading import load_settings
from sparingly.core.guarantee.calibration import Tally
from sparingly.core.policy import CachePolicy, RouteCache, RoutingPolicy
from sparingly.errors import ConfigError, LogError, StartupError, TuningError
from sparingly.replay.tune_command import (
    Options,
    add_arguments,
    options_of,
    replace_file,
    settings_of,
    tables,
    tune_command,
)
from sparingly.replay.tuning import How, Row, Tuning
from tests.replay.log_files import line, write_log
from tests.replay.world import world

pytestmark = pytest.mark.anyio

WORDS = ("how", "do", "i", "learn", "to", "cook", "swim", "fast", "well", "alone")


def _log(folder: Path, count: int = 160, *, labels: bool = True) -> Path:
    """Questions of few words; those that begin with the same four are of one class."""
    rng = random.Random(7)
    lines = []
    for index in range(count):
        words = rng.sample(WORDS, 9)
        fields = {"label": " ".join(sorted(words[:4]))} if labels else {}
        lines.append(line(f"r{index}", index, " ".join(words), **fields))
    return write_log(folder, *lines)


def _safe_log(folder: Path, count: int = 240) -> Path:
    """Questions that all mean the same."""
    rng = random.Random(8)
    return write_log(
        folder,
        *(line(f"r{index}", index, " ".join(rng.sample(WORDS, 8)), label="a") for index in range(count)),
    )


async def _run(options: Options, *, config: str = "", cache: CachePolicy | None = None) -> tuple[Tuning, str]:
    out = StringIO()
    found = await tune_command(
        options,
        cache=cache or CachePolicy(),
        routing=RoutingPolicy(),
        config=config,
        config_sha256="0" * 64,
        world=world(),
        console=Console(file=out, width=120),
    )
    return found, out.getvalue()


def _row(route: str | None, threshold: float | None, *, how: How = "calibrated") -> Row:
    counts = Tally(requests=100, hits=10, right=8, wrong=1)
    return Row(
        route=route,
        how=how,
        threshold=threshold,
        reason=None if threshold is not None else "too-wrong",
        earlier=counts,
        later=counts,
        later_error=0.01,
        later_error_ci95=(0.0, 0.05),
    )


def _tuning(*rows: Row) -> Tuning:
    return Tuning(
        max_error=0.02,
        confidence=0.95,
        score="similarity",
        labelled=200,
        judged_share=0.5,
        growth=1.5,
        rows=rows,
        total=rows[0],
        in_mean=0.9,
        raised=True,
        trouble={"store-error": 2},
    )


async def test_the_point_is_written_with_its_evidence(tmp_path: Path) -> None:
    """Into a config that keeps its comments, and loads."""
    config = tmp_path / "gateway.yaml"
    config.write_text("cache:\n  k: 3  # three\n")
    config.chmod(0o640)

    found, shown = await _run(
        Options(log=_safe_log(tmp_path), max_error=0.05, write=config, json=tmp_path / "t.json")
    )

    settings = load_settings(config, {})
    assert settings.cache.threshold == found.rows[0].threshold
    assert settings.cache.k == 3
    text = config.read_text()
    assert "# three" in text
    assert "# tuned: wrong hits at most 5.000% of requests, with 95% confidence" in text
    assert "240 labelled requests" in text
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert "At most 5.00% wrong hits" in shown
    report = json.loads((tmp_path / "t.json").read_bytes())
    assert report["version"] == 1
    assert report["setting"] == "cache.threshold"
    assert report["tuning"]["rows"][0]["threshold"] == settings.cache.threshold


async def test_a_config_that_does_not_exist_begins_as_the_one_that_was_played(tmp_path: Path) -> None:
    """So that it can be served as it is."""
    config = tmp_path / "new.yaml"

    await _run(Options(log=_safe_log(tmp_path), max_error=0.05, write=config), config="cache: {k: 4}\n")

    assert load_settings(config, {}).cache.k == 4


async def test_too_few_labels_write_nothing(tmp_path: Path) -> None:
    """What was there stays, and the error counts what is missing."""
    config, report = tmp_path / "gateway.yaml", tmp_path / "t.json"
    config.write_text("cache: {k: 3}\n")

    with pytest.raises(TuningError, match=r"label \d+ more requests"):
        await _run(Options(log=_log(tmp_path), max_error=0.01, write=config, json=report))

    assert config.read_text() == "cache: {k: 3}\n"
    assert not report.exists()


async def test_no_labels_write_nothing(tmp_path: Path) -> None:
    """Not even where a config was to be made."""
    config = tmp_path / "new.yaml"

    with pytest.raises(TuningError, match="has a `label`"):
        await _run(Options(log=_log(tmp_path, labels=False), max_error=0.01, write=config))

    assert not config.exists()


async def test_no_point_leaves_the_config_as_it_is(tmp_path: Path) -> None:
    """Every question means something else, and they all look alike; the report says so all the same."""
    rng = random.Random(1)
    lines = [line(f"r{i}", i, " ".join(rng.sample(WORDS, 10)), label=f"l{i}") for i in range(240)]
    config, report = tmp_path / "gateway.yaml", tmp_path / "t.json"
    config.write_text("cache: {k: 3}\n")

    with pytest.raises(TuningError, match=r"no threshold keeps wrong hits at 0\.05"):
        await _run(Options(log=write_log(tmp_path, *lines), max_error=0.05, write=config, json=report))

    assert config.read_text() == "cache: {k: 3}\n"
    assert json.loads(report.read_bytes())["tuning"]["rows"][0]["threshold"] is None


async def test_a_bad_log_writes_nothing(tmp_path: Path) -> None:
    """File and line."""
    config = tmp_path / "new.yaml"

    with pytest.raises(LogError, match=r"log\.jsonl:2"):
        await _run(Options(log=write_log(tmp_path, line("a"), "{"), max_error=0.05, write=config))

    assert not config.exists()


async def test_what_cannot_be_written_is_found_out_first(tmp_path: Path) -> None:
    """Before the log is even opened."""
    log = tmp_path / "missing.jsonl"
    broken = tmp_path / "broken.yaml"
    broken.write_text("cache: [")

    with pytest.raises(StartupError, match="there is no folder"):
        await _run(Options(log=log, max_error=0.05, write=tmp_path / "no" / "c.yaml"))
    with pytest.raises(ConfigError, match="is not YAML"):
        await _run(Options(log=log, max_error=0.05, write=broken))


async def test_a_cache_that_is_off_has_nothing_to_tune(tmp_path: Path) -> None:
    """Said at once; one route that is on is enough."""
    off = CachePolicy(mode="off")

    with pytest.raises(TuningError, match=r"cache\.mode is off"):
        await _run(Options(log=_safe_log(tmp_path), max_error=0.05), cache=off)
    found, _ = await _run(
        Options(log=_safe_log(tmp_path), max_error=0.05),
        cache=CachePolicy(mode="off", routes={"gpt-5": RouteCache(mode="on")}),
    )

    assert found.has_point


def test_an_older_override_of_a_route_is_not_left_looser() -> None:
    """A route without a point of its own takes the common one, also where the config had a number for it."""
    found = _tuning(_row(None, 0.9), _row("faq", 0.95), _row("chat", None))

    values = settings_of(found, overrides=["old"])

    assert values == {
        ("cache", "threshold"): 0.9,
        ("cache", "routes", "chat", "threshold"): 1.0,
        ("cache", "routes", "faq", "threshold"): 0.95,
        ("cache", "routes", "old", "threshold"): 0.9,
    }


def test_a_fitted_judge_has_a_setting_of_its_own() -> None:
    """Its probabilities are no similarities; the error they were found for goes with them, so that it is watched."""
    found = msgspec.structs.replace(_tuning(_row(None, 0.9)), score="probability")

    assert settings_of(found, overrides=["old"]) == {
        ("cache", "probability"): 0.9,
        ("cache", "max_error"): found.max_error,
        ("cache", "tuned_error"): found.max_error,
        ("cache", "routes", "old", "probability"): 0.9,
        ("cache", "routes", "old", "max_error"): found.max_error,
        ("cache", "routes", "old", "tuned_error"): found.max_error,
    }


def test_everything_a_person_should_know_is_shown() -> None:
    """Hits beside errors, by route, and what the figures rest on."""
    out = StringIO()
    Console(file=out, width=120).print(
        tables(_tuning(_row(None, 0.9), _row("faq [x]", 0.95, how="tightened"), _row("chat", None)))
    )

    text = out.getvalue()

    for part in (
        "all others",
        "faq [x] (tightened)",
        "none: too-wrong",
        "all requests",
        "10/100",
        "divided by 1.50",
        "50.0% of candidates have a label",
        "does not verify",
        "1 of the later hits could not be judged",
        "store-error, 2 times",
    ):
        assert part in text


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Through a link to what it points to; nothing else is left in the folder."""
    target, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    target.write_text("old")
    link.symlink_to(target)

    replace_file(link, b"new")

    assert target.read_text() == "new"
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "real.yaml"]


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    """And leaves nothing half-written beside it."""
    folder = tmp_path / "taken"
    (folder / "full").mkdir(parents=True)

    with pytest.raises(StartupError, match="cannot write"):
        replace_file(folder, b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x", "--max-error", "0.01"], Options(log=Path("x"), max_error=0.01)),
        (
            ["x", "--max-error", "0.5", "--confidence", "mean", "--write", "c", "--json", "j", "--seed", "2"],
            Options(log=Path("x"), max_error=0.5, confidence=None, write=Path("c"), json=Path("j"), seed=2),
        ),
        (
            ["x", "--max-error", "0.1", "--confidence", "0.9", "--format", "litellm", "--answers", "a"],
            Options(log=Path("x"), max_error=0.1, confidence=0.9, form="litellm", answers=Path("a")),
        ),
    ],
)
def test_arguments_are_options(arguments: list[str], expected: Options) -> None:
    """Every option has its argument, and the defaults agree."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    assert options_of(parser.parse_args(arguments)) == expected


@pytest.mark.parametrize(
    "arguments", [["x"], ["x", "--max-error", "1"], ["x", "--max-error", "0"], ["x", "--max-error", "1%"]]
)
def test_a_bound_is_a_share(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Between 0 and 1, and never left out."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    with pytest.raises(SystemExit) as caught:
        parser.parse_args(arguments)

    assert caught.value.code == 2
    assert "--max-error" in capsys.readouterr().err
