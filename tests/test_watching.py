"""Recalibration in a serving gateway: where it gets its state, whom it tells, what it warns of."""

import io
import json
from pathlib import Path

import msgspec
import pytest

from sparingly.core.guarantee.awaiting import Label
from sparingly.core.policy import CachePolicy, RouteCache
from sparingly.core.verdict import Evidence, Hit
from sparingly.pipeline.watching.recalibrating import Recalibrating
from sparingly.settings import Provider, Settings
from sparingly.telemetry.logs import EventLog, make_log
from sparingly.telemetry.metrics import Metrics
from sparingly.telemetry.teller import Teller
from sparingly.watch_file import FILE_NAME
from sparingly.watching import open_recalibrating, save_watches, tell_of_missing_points
from tests.asks import entry
from tests.core.judging.judges import small_judge
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio

JUDGE = msgspec.structs.replace(small_judge(), stated=((0.05, 0.8), (0.01, 0.9)))
POLICY = CachePolicy(max_error=0.05)


def settings(cache: CachePolicy = POLICY) -> Settings:
    return Settings(providers={"sim": Provider(kind="simulated")}, cache=cache)


def a_teller() -> tuple[Teller, io.StringIO]:
    stream = io.StringIO()
    return Teller(EventLog(make_log("info", stream), FakeClock()), Metrics()), stream


def drift(watch: Recalibrating) -> None:
    """Nothing but wrong hits."""
    for number in range(60):
        hit = Hit(entry(), "semantic", "judged-same", Evidence(0.9, "n", 0.85, "n"))
        watch.asked("faq", POLICY, f"r{number}", hit)
        watch.judged(Label("faq", f"r{number}", "wrong", "feedback"))


def names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def test_an_alarm_is_told_and_outlives_a_restart(tmp_path: Path) -> None:
    """A line, a metric, and a file that the next start reads."""
    teller, stream = a_teller()
    watch = open_recalibrating(settings(), JUDGE, tmp_path, teller)
    watch.bar("faq", POLICY)
    drift(watch)
    await save_watches(watch, tmp_path, teller)

    again = open_recalibrating(settings(), JUDGE, tmp_path, a_teller()[0])

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()][:1] == ["drift-alarm"]
    assert b'sparingly_is_tightened{route="faq",sample="all"} 1.0' in teller.metrics.render()
    assert again.bar("faq", POLICY) == watch.bar("faq", POLICY) > 0.85


async def test_where_nothing_was_watched_nothing_is_written(tmp_path: Path) -> None:
    teller, _ = a_teller()
    watch = open_recalibrating(settings(CachePolicy()), JUDGE, tmp_path, teller)
    watch.bar("faq", CachePolicy())

    await save_watches(watch, tmp_path, teller)

    assert names(tmp_path) == []


async def test_a_damaged_file_is_told_and_the_bars_stand_where_they_were_tuned(tmp_path: Path) -> None:
    """It is no reason to refuse to start."""
    (tmp_path / FILE_NAME).write_bytes(b"?")
    teller, stream = a_teller()

    watch = open_recalibrating(settings(), JUDGE, tmp_path, teller)

    assert watch.bar("faq", POLICY) == 0.8
    assert json.loads(stream.getvalue())["code"] == "recalibration-lost"


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    teller, stream = a_teller()
    watch = open_recalibrating(settings(), JUDGE, tmp_path, a_teller()[0])
    watch.bar("faq", POLICY)
    drift(watch)

    await save_watches(watch, tmp_path / "gone", teller)

    assert "No such file" in json.loads(stream.getvalue())["message"]


@pytest.mark.parametrize(
    ("cache", "where"),
    [
        (CachePolicy(max_error=0.001), "cache.max_error is 0.001"),
        (CachePolicy(routes={"faq": RouteCache(max_error=0.002)}), "cache.routes.faq.max_error is 0.002"),
        (CachePolicy(max_error=0.01), None),
        (CachePolicy(max_error=0.001, probability=0.9, tuned_error=0.001), None),
        (CachePolicy(), None),
    ],
)
def test_a_bound_without_a_point_is_told_at_the_start(cache: CachePolicy, where: str | None) -> None:
    """Only equal requests are served then, and nobody should have to guess why."""
    teller, stream = a_teller()

    tell_of_missing_points(settings(cache), JUDGE, teller)
    tell_of_missing_points(settings(cache), None, teller)

    told = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert [message.partition(",")[0] for message in told] == ([] if where is None else [where])
    assert all("states 0.05, 0.01" in message for message in told)
