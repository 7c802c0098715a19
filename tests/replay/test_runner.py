from itertools import pairwise
from pathlib import Path

import pytest

from sparingly.core.entry import Neighbor, Scope
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.core.pricing import to_usd
from sparingly.core.vectors import Vector
from sparingly.errors import StoreError
from sparingly.replay.costs import CostTable, Pairing, Quality
from sparingly.replay.logged import Candidate, Logged, Trace
from sparingly.replay.report import Insert, Run
from sparingly.replay.runner import Outcome, pairing, replay, step_count
from sparingly.replay.trace import read_trace
from tests.fakes.store import FakeStore
from tests.replay.log_files import chat, completion, line, write_log
from tests.replay.world import TIERS, WordEmbedder, world

pytestmark = pytest.mark.anyio

LOOSE = CachePolicy(threshold=0.8)
SIX = "one two three four five six"
SEVEN = "one two three four five six seven"
ANSWERED = {"response": completion("Yes", model="big", tokens=(100, 100))}
# 200 tokens at 10 dollars a million, and at 1.
BIG_USD, SMALL_USD = 0.002, 0.0002


class _Forgetful(FakeStore):
    """Loses its index, though not its entries."""

    async def neighbors(self, scope: Scope, vector: Vector, *, limit: int, now: float) -> list[Neighbor]:
        del scope, vector, limit, now
        raise StoreError("the index is gone")


def _trace(tmp_path: Path, *lines: object) -> Trace:
    return read_trace(write_log(tmp_path, *lines))


async def _replayed(
    trace: Trace,
    *,
    cache: CachePolicy = LOOSE,
    routing: RoutingPolicy | None = None,
    insert: Insert = "misses",
    embedder: WordEmbedder | None = None,
    store: FakeStore | None = None,
) -> Outcome:
    return await replay(
        trace,
        cache=cache,
        routing=routing or RoutingPolicy(),
        world=world(embedder, store=store),
        run=Run("0" * 64, insert=insert),
        on_progress=lambda _: None,
    )


async def test_hits_are_found_named_and_judged(tmp_path: Path) -> None:
    """A repeat is exact, a neighbor semantic; each names its source, and labels say whether it was right."""
    trace = _trace(
        tmp_path,
        line("a", 0, SIX, label="x", **ANSWERED),
        line("b", 1, SIX, label="x", **ANSWERED),
        line("c", 2, SEVEN, label="y", **ANSWERED),
        line("d", 3, "something else", label="z", **ANSWERED),
    )

    found = await _replayed(trace)

    told = [(one.verdict, one.neighbor_id, one.judgement) for one in found.decisions]
    assert told == [
        ("miss", None, None),
        ("exact", "a", "right"),
        ("semantic", "a", "wrong"),
        ("miss", "a", None),
    ]
    report = found.report
    assert (report.requests, report.exact_hits, report.semantic_hits) == (4, 1, 1)
    assert (report.right_hits, report.wrong_hits, report.unjudged_hits, report.labelled) == (1, 1, 0, 4)
    assert (report.hit_rate, report.error_rate, report.precision) == (0.5, 0.25, 0.5)
    assert report.miss == {"empty-scope": 1, "too-far": 1}


async def test_a_miss_names_the_nearest_neighbor_too(tmp_path: Path) -> None:
    """Lost hits can only be found when misses say what they were close to."""
    trace = _trace(tmp_path, line("a", 0, SIX), line("b", 1, SEVEN))

    found = await _replayed(trace, cache=CachePolicy(threshold=0.99))

    miss = found.decisions[1]
    assert (miss.verdict, miss.nearest_id, miss.neighbor_id) == ("miss", "a", "a")
    assert miss.similarity == pytest.approx(6 / 42**0.5)


@pytest.mark.parametrize(("insert", "source"), [("misses", "a"), ("all", "b")])
async def test_every_answer_is_kept_only_when_asked_for(tmp_path: Path, insert: Insert, source: str) -> None:
    """The gateway keeps misses; the research protocol keeps the recorded answers of hits as well."""
    trace = _trace(
        tmp_path,
        line("a", 0, "one two three four five six", **ANSWERED),
        line("b", 1, "one two three four five six seven", **ANSWERED),
        line("c", 2, "one two three four five six seven eight", **ANSWERED),
    )

    found = await _replayed(trace, insert=insert)

    assert [one.verdict for one in found.decisions] == ["miss", "semantic", "semantic"]
    assert found.decisions[2].nearest_id == source


async def test_the_four_costs_come_from_two_passes(tmp_path: Path) -> None:
    """Baseline pays the recorded model for all, the router pays `small` where that will do, hits are free."""
    auto = {"request": chat(SIX, model="auto"), **ANSWERED}
    hard = {"request": chat("a hard one", model="auto"), **ANSWERED}
    trace = _trace(tmp_path, {**line("a", 0), **auto}, {**line("b", 1), **auto}, {**line("c", 2), **hard})

    found = await _replayed(trace, routing=TIERS)

    assert found.report.cost_usd == CostTable(
        baseline=to_usd(6_000_000),
        cache_only=to_usd(4_000_000),
        route_only=to_usd(2_400_000),
        both=to_usd(2_200_000),
        saved=to_usd(3_800_000),
    )
    assert found.report.routes == {"big": 1, "small": 1}
    assert [one.cost_usd for one in found.decisions] == [SMALL_USD, 0.0, BIG_USD]
    assert [one.model for one in found.decisions] == ["small", "small", "big"]


async def test_a_request_without_answer_is_played_with_a_stand_in(tmp_path: Path) -> None:
    """Caching can be studied without answers; the report says how many there were."""
    trace = _trace(tmp_path, line("a", 0, SIX), line("b", 1, SIX, cost_usd=0.5))

    found = await _replayed(trace)

    assert [one.verdict for one in found.decisions] == ["miss", "exact"]
    assert found.report.log.without_answer == 2
    assert found.report.cost_usd.estimated == 1
    assert found.report.cost_usd.baseline == 0.5


async def test_what_the_gateway_would_refuse_is_a_bypass(tmp_path: Path) -> None:
    """A bad request costs nothing in any column and does not stop the replay."""
    bad = {"id": "a", "time": 0, "request": {"model": "big"}, "cost_usd": 1.0}
    recorded_error = line("b", 1, response={"error": {"message": "no"}})
    trace = _trace(tmp_path, bad, recorded_error, line("c", 2, SIX, **ANSWERED))

    found = await _replayed(trace)

    assert found.report.bypass == {"invalid-request": 1}
    assert found.decisions[0].cost_usd == 0.0
    assert found.report.cost_usd.baseline == 0.0
    assert found.decisions[1].reason == "provider-error"


async def test_tenants_never_share(tmp_path: Path) -> None:
    """The log's tenant is the caller."""
    trace = _trace(tmp_path, line("a", 0, SIX, tenant="t"), line("b", 1, SIX, tenant="u"))

    found = await _replayed(trace)

    assert found.report.exact_hits == 0


async def test_entries_expire_in_the_time_of_the_log(tmp_path: Path) -> None:
    """The clock is the log's, not ours."""
    trace = _trace(tmp_path, line("a", 0, SIX), line("b", 59, SIX), line("c", 61, SIX))

    found = await _replayed(trace, cache=CachePolicy(ttl_s=60))

    assert [one.verdict for one in found.decisions] == ["miss", "exact", "miss"]


async def test_streamed_requests_are_cached_like_others(tmp_path: Path) -> None:
    """Streaming is no part of what is asked."""
    streamed = {**line("a", 0), "request": chat(SIX, stream=True), **ANSWERED}
    trace = _trace(tmp_path, streamed, line("b", 1, SIX, **ANSWERED))

    found = await _replayed(trace)

    assert [one.verdict for one in found.decisions] == ["miss", "exact"]
    assert found.report.cost_usd.estimated == 0


async def test_the_same_log_gives_the_same_decisions(tmp_path: Path) -> None:
    """Everything but latencies is equal, to the last digit."""
    texts = [" ".join(str((index * step) % 7) for step in range(1, 9)) for index in range(40)]
    trace = _trace(tmp_path, *(line(f"r{index}", index, text) for index, text in enumerate(texts)))

    first = await _replayed(trace, routing=TIERS)
    second = await _replayed(trace, routing=TIERS)

    assert first.decisions == second.decisions
    assert first.report.semantic_hits > 0


async def test_raising_the_threshold_never_adds_a_hit_where_everything_is_inserted(tmp_path: Path) -> None:
    """With `--insert all` the neighbors do not depend on the threshold."""
    texts = [" ".join(str((index * step) % 7) for step in range(1, 9)) for index in range(40)]
    trace = _trace(tmp_path, *(line(f"r{index}", index, text) for index, text in enumerate(texts)))

    hits = []
    for threshold in (0.6, 0.8, 0.9, 1.0):
        found = await _replayed(trace, cache=CachePolicy(threshold=threshold), insert="all")
        hits.append({one.id for one in found.decisions if one.verdict in ("exact", "semantic")})

    assert all(stricter <= looser for looser, stricter in pairwise(hits))
    assert len(hits[0]) > len(hits[-1])


async def test_the_second_pass_embeds_nothing_anew(tmp_path: Path) -> None:
    """Its vectors are remembered; the first pass recalls none."""
    embedder = WordEmbedder()
    trace = _trace(tmp_path, line("a", 0, SIX), line("b", 1, SEVEN), line("c", 2, SEVEN, tenant="u"))

    await _replayed(trace, embedder=embedder, cache=CachePolicy(threshold=1.0))

    assert embedder.embedded == [SIX, SEVEN, SEVEN]


async def test_trouble_behind_the_scenes_is_reported(tmp_path: Path) -> None:
    """A replay that lost its store is no clean replay."""
    trace = _trace(tmp_path, line("a", 0, SIX), line("b", 1, SEVEN))

    found = await _replayed(trace, store=_Forgetful())

    assert found.report.trouble == {"store-error": 1}
    assert found.report.miss == {"empty-scope": 1, "store-error": 1}


async def test_a_replay_without_a_store_does_not_begin(tmp_path: Path) -> None:
    """A log full of misses would look like a result."""
    store = FakeStore()
    store.trouble = StoreError("gone")

    with pytest.raises(StoreError, match="gone"):
        await _replayed(_trace(tmp_path, line("a", 0, SIX)), store=store)


async def test_progress_is_told_step_by_step(tmp_path: Path) -> None:
    """Two passes over every request."""
    trace = _trace(tmp_path, line("a", 0), line("b", 1))
    told: list[int] = []

    await replay(
        trace,
        cache=LOOSE,
        routing=RoutingPolicy(),
        world=world(),
        run=Run("0" * 64),
        on_progress=told.append,
    )

    assert sum(told) == step_count(trace) == 4


async def test_quality_and_cost_come_from_candidates_where_there_are_any(tmp_path: Path) -> None:
    """Routing replays need no answers: every model's score and cost is in the log."""
    candidates = {"big": {"score": 1.0, "cost_usd": 0.3}, "small": {"score": 0.5, "cost_usd": 0.1}}
    trace = _trace(
        tmp_path,
        {**line("a", 0), "request": chat("easy", model="auto"), "candidates": candidates},
        {**line("b", 1), "request": chat("hard", model="auto"), "candidates": candidates},
    )

    found = await _replayed(trace, routing=TIERS)

    quality = found.report.quality
    assert isinstance(quality, Quality)
    assert (quality.baseline, quality.routed, quality.requests) == (1.0, 0.75, 2)
    assert found.report.cost_usd.baseline == 0.6
    assert found.report.cost_usd.route_only == 0.4


def _asked(**fields: object) -> Logged:
    return Logged(id="a", time=0.0, request=b"{}", **fields)  # type: ignore[arg-type]  # fields of any type


@pytest.mark.parametrize(
    ("logged", "asked", "expected"),
    [
        (_asked(), "big", Pairing(None, "big")),
        (_asked(response=b'{"model":"dated"}'), "big", Pairing("dated", "big")),
        (_asked(response=b'{"model":"dated"}'), "auto", Pairing("dated", "dated")),
        (_asked(), "auto", Pairing(None, "big")),
        (_asked(candidates={"auto": Candidate(1.0, 1.0)}), "auto", Pairing(None, "auto")),
    ],
)
async def test_the_baseline_is_what_a_caller_without_a_router_would_pay(
    logged: Logged, asked: str, expected: Pairing
) -> None:
    """A model is itself; a name of routing's is the recorded model, else that of the highest tier."""
    assert pairing(logged, asked, TIERS) == expected


async def test_a_name_without_tiers_stands_for_itself() -> None:
    """`auto` may be a model of the provider's."""
    assert pairing(_asked(), "auto", RoutingPolicy()) == Pairing(None, "auto")
