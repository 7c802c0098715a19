"""The whole gateway, opened in this process: real store, embedder and ledger, a simulated provider."""

import io
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from sparingly.bootstrap import Opened, open_app, prepare_folder
from sparingly.config.loading import load_settings
from sparingly.core.judging.model import dump_judge
from sparingly.core.policy import CachePolicy
from sparingly.errors import ConfigError, StartupError
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER
from sparingly.settings import LedgerSettings, Server, Settings, Store, TrafficLog
from sparingly.telemetry.logs import EventLog, make_log
from tests.core.judging.judges import packaged_judge
from tests.fakes.clock import FakeClock
from tests.pipeline.wire import request_body
from tests.web.harness import Got, fetch

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

# No file and no key: what a first run gets.
PLAIN = load_settings(None, {})

ASK = request_body("How high is Mont Blanc?")


@asynccontextmanager
async def opened(data: Path, settings: Settings = PLAIN) -> AsyncIterator[tuple[Opened, io.StringIO]]:
    """A gateway, and what it logs."""
    log = io.StringIO()
    async with open_app(settings, {}, data=data, events=EventLog(make_log("info", log), FakeClock())) as app:
        yield app, log


async def refusal_of(data: Path, settings: Settings = PLAIN) -> str:
    with pytest.raises(StartupError) as caught:
        async with opened(data, settings):
            pass
    return caught.value.message


def told(got: Got) -> tuple[str, str]:
    return got.headers["x-sparingly-cache"], got.headers["x-sparingly-reason"]


async def test_it_answers_remembers_and_writes_everything_down(tmp_path: Path) -> None:
    """A request, its equal after a restart on the same folder, and what ledger, log and metrics say of it."""
    async with opened(tmp_path) as (first, log):
        ready = await fetch(first.app, "GET", "/readyz")
        missed = await fetch(first.app, body=ASK)
        metrics = (await fetch(first.app, "GET", "/metrics")).body.decode()
    async with opened(tmp_path) as (second, _):
        hit = await fetch(second.app, body=ASK)

    assert ready.json() == {
        "status": "ready",
        "ports": {"embedder": "ok", "store": "ok", "ledger": "ok", "provider simulated": "ok"},
    }
    assert (told(missed), told(hit)) == (("miss", "empty-scope"), ("exact", "same"))
    assert missed.json()["choices"] == hit.json()["choices"]
    (event,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (event["event"], event["id"]) == ("request", missed.headers["x-sparingly-id"])
    assert 'route="gpt-4o",status="200",verdict="miss"} 1.0' in metrics
    assert 'sparingly_lost_lines_total{sink="ledger"} 0.0' in metrics
    with sqlite3.connect(tmp_path / LEDGER) as ledger:
        verdicts = ledger.execute("select verdict from entries order by time").fetchall()
    ledger.close()
    assert verdicts == [("miss",), ("exact",)]


async def test_what_users_wrote_is_for_its_owner_only(tmp_path: Path) -> None:
    """The data folder holds questions and answers."""
    async with opened(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0


async def test_a_traffic_log_is_written_where_asked_for(tmp_path: Path) -> None:
    """With the body as the client sent it and the answer whole."""
    settings = msgspec.structs.replace(PLAIN, traffic_log=TrafficLog(enabled=True))
    async with opened(tmp_path, settings) as (gateway, _):
        got = await fetch(gateway.app, body=request_body("Who was Rumi?", stream=True))

    (file,) = (tmp_path / "traffic").iterdir()
    line = json.loads(file.read_text())
    assert line["id"] == got.headers["x-sparingly-id"]
    assert line["request"]["messages"] == [{"role": "user", "content": "Who was Rumi?"}]
    assert line["response"]["choices"][0]["message"]["content"]


async def test_without_ledger_and_cache_nothing_is_written(tmp_path: Path) -> None:
    """As the config says."""
    settings = msgspec.structs.replace(
        PLAIN, ledger=LedgerSettings(enabled=False), cache=CachePolicy(mode="off")
    )
    async with opened(tmp_path, settings) as (gateway, _):
        got = await fetch(gateway.app, body=ASK)

    assert told(got) == ("bypass", "cache-off")
    assert not (tmp_path / LEDGER).exists()


async def test_the_store_is_swept_while_the_app_runs(tmp_path: Path) -> None:
    """And its size is told."""
    settings = msgspec.structs.replace(PLAIN, store=Store(sweep_every_s=0.01))
    async with opened(tmp_path, settings) as (gateway, _):
        await fetch(gateway.app, body=ASK)
        metrics = ""
        while "sparingly_store_entries 1.0" not in metrics:
            metrics = (await fetch(gateway.app, "GET", "/metrics")).body.decode()


async def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    """It names the folder and the reason."""
    (tmp_path / "file").write_text("")

    message = await refusal_of(tmp_path / "file" / "data")

    assert message == f"cannot write the data folder {tmp_path}/file/data: Not a directory"


@pytest.mark.parametrize("name", ["answers-384", LEDGER])
async def test_a_part_of_the_folder_that_is_something_else_is_one_clear_line(
    tmp_path: Path, name: str
) -> None:
    """It names the part."""
    (tmp_path / name).write_text(
        "something else, long enough to be looked at as a file of its own kind" * 100
    )

    message = await refusal_of(tmp_path)

    assert name in message
    assert "\n" not in message


async def test_a_folder_that_another_gateway_serves_is_one_clear_line(tmp_path: Path) -> None:
    """Two of them would not see each other's writes."""
    async with opened(tmp_path):
        message = await refusal_of(tmp_path)

    assert str(tmp_path) in message
    assert "\n" not in message


async def test_a_store_server_that_is_down_does_not_keep_the_gateway_down(tmp_path: Path) -> None:
    """Requests flow; a log line says what is lost."""
    settings = msgspec.structs.replace(
        PLAIN, store=Store(kind="qdrant", url="http://127.0.0.1:1", prefer_grpc=False)
    )
    async with opened(tmp_path, settings) as (gateway, log):
        got = await fetch(gateway.app, body=ASK)
        ready = await fetch(gateway.app, "GET", "/readyz")

    assert told(got) == ("miss", "store-error")
    assert (ready.status, ready.json()["status"]) == (200, "degraded")
    assert json.loads(log.getvalue().splitlines()[0])["code"] == "store-error"


async def test_keys_that_cannot_be_read_are_one_clear_line(tmp_path: Path) -> None:
    """And are not quoted."""
    settings = msgspec.structs.replace(PLAIN, server=Server(keys_env="KEYS"))

    with pytest.raises(ConfigError, match="KEYS holds no tenant:key pair"):
        async with opened(tmp_path, settings):
            pass


def test_a_folder_is_left_as_it_was_found(tmp_path: Path) -> None:
    """Whether it can be written is tried without a trace."""
    prepare_folder(tmp_path)

    assert list(tmp_path.iterdir()) == []


CITIES = (
    "Rome", "Oslo", "Paris", "Berlin", "Madrid", "Lisbon", "Vienna", "Prague", "Warsaw", "Dublin", "Athens", "Zurich",
    "Geneva", "Milan", "Naples", "Turin", "Porto", "Lyon", "Hamburg", "Munich",
)  # fmt: skip


async def remembered(gateway: Opened, question: str) -> None:
    """Ask until the answer comes from memory: it is written back behind the client's back."""
    while told(await fetch(gateway.app, body=request_body(question))) != ("exact", "same"):
        pass


async def test_callers_who_deny_hits_raise_the_bar_until_after_a_restart(tmp_path: Path) -> None:
    """Each hit of a bounded route is called wrong: one alarm line, and what was close enough is so no longer."""
    stating = msgspec.structs.replace(packaged_judge(), stated=((0.02, 0.7),))
    (tmp_path / "judge.bin").write_bytes(dump_judge(stating))
    cache = CachePolicy(max_error=0.02, judge_file=str(tmp_path / "judge.bin"))
    settings = msgspec.structs.replace(PLAIN, cache=cache)
    reasons: list[str] = []

    async with opened(tmp_path / "data", settings) as (gateway, log):
        for city in CITIES:
            await remembered(gateway, f"How do I find a cheap hotel in {city}?")
            hit = await fetch(gateway.app, body=request_body(f"How can I find a cheap hotel in {city}?"))
            reasons.append(hit.headers["x-sparingly-reason"])
            word = json.dumps({"id": hit.headers["x-sparingly-id"], "verdict": "wrong"}).encode()
            await fetch(gateway.app, path="/v1/sparingly/feedback", body=word)
        metrics = (await fetch(gateway.app, "GET", "/metrics")).body.decode()
    async with opened(tmp_path / "data", settings) as (gateway, _):
        await remembered(gateway, "How do I find a cheap hotel in Bern?")
        later = await fetch(gateway.app, body=request_body("How can I find a cheap hotel in Bern?"))

    assert reasons[0] == "judged-same"
    assert reasons[-1] == "tightened"
    events = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [event["route"] for event in events if event["event"] == "drift-alarm"][:1] == ["gpt-4o"]
    assert 'sparingly_is_tightened{route="gpt-4o",sample="all"} 1.0' in metrics
    assert told(later) == ("miss", "tightened")
