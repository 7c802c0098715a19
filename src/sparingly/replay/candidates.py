"""Play a log so that every request's best candidate is known, whatever the threshold.

The bar lies on the floor and every request is inserted, so which candidate a
request finds, what the judge gives it and whether it would be right depend on no
threshold.  What vetoes, ages and modes forbid stays forbidden: it is no candidate.
What follows from the scores is `tuning.py`'s business.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Literal, TypeAlias, TypeVar

import msgspec

from sparingly.core.guarantee.calibration import Outcome
from sparingly.core.ledger import LedgerEntry
from sparingly.core.policy import CachePolicy, Mode, RouteCache, RoutingPolicy
from sparingly.errors import TuningError
from sparingly.replay.labels import judged
from sparingly.replay.logged import Logged, Trace
from sparingly.replay.playing import Troubles, World, opened_player

ScoreKind: TypeAlias = Literal["probability", "similarity"]
"""Which of the judge's numbers a threshold is for."""

BARS: Mapping[ScoreKind, str] = {"similarity": "threshold", "probability": "probability"}
"""The setting, in `cache` and in `cache.routes.<name>`, that a number is held against."""


Section = TypeVar("Section", CachePolicy, RouteCache)


class Scored(msgspec.Struct, frozen=True):
    """One played request: its best candidate's score, infinity where it is served anyway, None without one."""

    route: str
    score: float | None
    outcome: Outcome = "unjudged"
    is_labelled: bool = True
    is_open: bool = False
    """Whether a label is missing, so that nobody knows whether the candidate was right."""


class Play(msgspec.Struct, frozen=True):
    """A whole played log, in order."""

    scored: tuple[Scored, ...]
    kind: ScoreKind
    trouble: dict[str, int]


def opened(cache: CachePolicy) -> CachePolicy:
    """The policy with every bar on the floor, and serving where it would only observe."""
    floor = dict.fromkeys(BARS.values(), 0.0)
    unbound = {"max_error": None, "tuned_error": None}
    routes = {
        name: _with(route, _mode(route.mode), dict.fromkeys(floor), unbound)
        for name, route in cache.routes.items()
    }
    return _with(cache, _mode(cache.mode), floor, unbound, {"routes": routes})


def _mode(mode: Mode | None) -> dict[str, Mode | None]:
    return {"mode": "on" if mode == "observe" else mode}


def _with(section: Section, *changes: Mapping[str, object]) -> Section:
    values = {name: value for change in changes for name, value in change.items()}
    return msgspec.structs.replace(
        section, **{name: value for name, value in values.items() if name in section.__struct_fields__}
    )


async def play(
    trace: Trace,
    *,
    cache: CachePolicy,
    routing: RoutingPolicy,
    world: World,
    seed: int,
    on_progress: Callable[[int], None],
) -> Play:
    """Play a log with the bar on the floor; `on_progress` is told after each request.

    Raises:
        ServiceError: store or embedder cannot be used from the start.
        TuningError: the routes are not judged by the same kind of score.
    """
    troubles = Troubles()
    by_id = {logged.id: logged for logged in trace.requests}
    scored: list[Scored] = []
    kinds: set[ScoreKind] = set()
    async with world.open_store() as store:
        await store.ping()
        await world.embedder.ping()
        async with opened_player(
            world,
            cache=opened(cache),
            routing=routing,
            store=store,
            embedder=world.embedder,
            seed=seed,
            troubles=troubles,
        ) as player:
            for logged in trace.requests:
                entry = (await player.play(logged, insert="all")).entry
                if entry.verdict == "semantic":
                    kinds.add("similarity" if entry.probability is None else "probability")
                scored.append(_scored(logged, entry, by_id))
                on_progress(1)
    return Play(tuple(scored), kind_of(kinds), troubles.counts)


def kind_of(kinds: Collection[ScoreKind]) -> ScoreKind:
    """The one kind of score that hits were judged by.

    Raises:
        TuningError: there are two, and a threshold for one says nothing of the other.
    """
    if len(kinds) > 1:
        raise TuningError(
            "some routes are judged by probability and others by similarity: tune them one after the other, "
            "each with a config in which the others' cache.mode is off"
        )
    return next(iter(kinds), "similarity")


def _scored(logged: Logged, entry: LedgerEntry, by_id: Mapping[str, Logged]) -> Scored:
    is_labelled = logged.label is not None or logged.differs is not None
    source = by_id.get(entry.candidate or "")
    if entry.verdict not in ("exact", "semantic") or source is None:
        return Scored(entry.route, None, is_labelled=is_labelled)
    score = float("inf")
    if entry.verdict == "semantic":
        value = entry.similarity if entry.probability is None else entry.probability
        # Cosines of equal vectors come out a little over 1, which no setting can say.
        score = min(1.0, value or 0.0)
    outcome = judged(logged, source)
    return Scored(
        entry.route,
        score,
        outcome,
        is_labelled=is_labelled,
        is_open=outcome == "unjudged" and logged.differs is None,
    )
