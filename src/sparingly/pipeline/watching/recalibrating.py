"""Watch what is served by closeness, route by route, and raise the bar while labels speak against it.

A route with a stated error has two watches, each a monitor (`core/guarantee/recalibration.py`) and a list of
requests that wait for a label (`core/guarantee/awaiting.py`).  One sees all look-ups, and labels that come as
people please: callers', second looks', observed hits'.  The other sees a fair sample only (`recheck.py`), nearly all of which
gets a label: where few labels come, it notices what the first would take for calm.
A label moves the bar of its own route only, and what is served needs the policy's point or the higher
of the route's two bars: nothing that arrives here loosens anything.

Question: what of a restart?  Choice: the watches are kept in a small file
(`watch_file.py`), for an alarm must not be forgotten by a deployment.  One that was kept for another point,
another bound or another judge is not taken up; losing the file costs vigilance, never the tuned point.
Rejected: rebuilding from the ledger, which knows hits but not what was said of them.

A replay has no watches: nobody says anything while a log is played.
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Final, Literal, TypeAlias

import msgspec

from sparingly.core.guarantee.awaiting import Awaiting, Label, asked, judged
from sparingly.core.guarantee.recalibration import (
    Monitor,
    Observation,
    Tuned,
    monitor,
    observed,
    restored,
    window_for,
)
from sparingly.core.judging.model import JudgeModel
from sparingly.core.judging.operating_point import is_watched, operating_point
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Bypass, Hit, Miss, Verdict

Sample: TypeAlias = Literal["all", "drawn"]
"""Which look-ups a watch sees."""

FALSE_ALARM: Final = 0.05
"""The chance that a route's alarm ever goes off while its error keeps to the bound."""

# Callers take their time.  A check takes seconds, or is unclear and says nothing.
_PATIENCE: Final[Mapping[Sample, int]] = {"all": 1_000, "drawn": 50}

# Model names that clients make up are routes, too; a monitor is up to 300 KB.  Those beyond share one.
MOST_ROUTES: Final = 64
_OTHERS: Final = ""

# What a look-up of the semantic tier says when it finds nothing to serve; vetoes besides.
_JUDGED_MISSES: Final = frozenset(
    {
        "no-neighbor",
        "empty-scope",
        "too-far",
        "too-old",
        "other-words",
        "unsure",
        "tightened",
        "unconfirmed",
        "smuggled",
    }
)


class Watching(msgspec.Struct, frozen=True):
    """A route's monitor, and the requests whose label it waits for."""

    route: str
    sample: Sample
    monitor: Monitor
    awaiting: Awaiting = Awaiting()


class Kept(msgspec.Struct, frozen=True):
    """What outlives a restart, of one judge."""

    judge: str = ""
    watches: tuple[Watching, ...] = ()


class Recalibrating:
    """The watches of all routes; `on_moved` is told of a bar that moved, and whether an alarm moved it."""

    def __init__(
        self,
        *,
        model: JudgeModel | None,
        known_routes: Iterable[str] = (),
        kept: Kept | None = None,
        on_moved: Callable[[Watching, bool], None] = lambda _watching, _is_alarm: None,
        on_label: Callable[[Label], None] = lambda _label: None,
    ) -> None:
        """`known_routes` always have watches of their own; without a `model` nothing is watched."""
        self._model = model
        self._known = frozenset(known_routes)
        self._on_moved = on_moved
        self._on_label = on_label
        self._judge = "" if model is None else name_of(model)
        old = kept.watches if kept is not None and kept.judge == self._judge else ()
        self._kept = {(one.route, one.sample): one for one in old}
        self._watches: dict[tuple[str, Sample], Watching] = {}
        self.changes = 0
        """How often anything has changed: whoever keeps the state need not ask what."""

    def bar(self, route: str, policy: CachePolicy) -> float:
        """The least probability that labels ask for on a route; minus infinity where nobody watches."""
        place = self._place(route)
        watches = [self._watch(place, sample, policy) for sample in _samples(is_drawn=policy.recheck > 0.0)]
        return max([one.monitor.bar for one in watches if one is not None], default=-inf)

    def watches(self) -> tuple[Watching, ...]:
        """All of them; routes without a watch of their own share the empty name."""
        return tuple(self._watches.values())

    def asked(
        self, route: str, policy: CachePolicy, request_id: str, verdict: Verdict, *, is_drawn: bool = False
    ) -> None:
        """Enter a look-up, once its verdict is known; one that was drawn will be checked if it is a hit."""
        if not _is_semantic_look_up(verdict):
            return
        place, score = self._place(route), _score(verdict)
        for sample in _samples(is_drawn=is_drawn):
            watch = self._watch(place, sample, policy)
            if watch is None:
                continue
            may_be_judged = _may_be_judged(
                verdict, looks_again=policy.grey_zone.judge != "none" and sample == "all"
            )
            self._observe(watch, *asked(watch.awaiting, request_id, score, may_be_judged=may_be_judged))

    def judged(self, label: Label) -> None:
        """Take a label; one that nobody waits for is counted and changes no bar."""
        self._on_label(label)
        place = self._place(label.route)
        for sample in _samples(is_drawn=True):
            watch = self._watches.get((place, sample))
            if watch is not None:
                self._observe(watch, *judged(watch.awaiting, label.request_id, label.said))

    def to_keep(self) -> Kept:
        """The state of now, with that of routes that nobody has asked for since the start."""
        others = [
            one
            for key, one in self._kept.items()
            if key not in self._watches and (one.route in self._known or one.monitor.is_tightened)
        ]
        return Kept(self._judge, (*self._watches.values(), *others[: 2 * MOST_ROUTES]))

    def _observe(self, watch: Watching, awaiting: Awaiting, seen: Iterable[Observation]) -> None:
        before = now = watch.monitor
        for one in seen:
            now = observed(now, one)
        after = msgspec.structs.replace(watch, monitor=now, awaiting=awaiting)
        self._watches[watch.route, watch.sample] = after
        self.changes += 1
        if now.alarms != before.alarms or now.bar != before.bar:
            self._on_moved(after, now.alarms != before.alarms)

    def _place(self, route: str) -> str:
        if route in self._known or (route, "all") in self._watches:
            return route
        others = {name for name, _ in self._watches} - self._known
        return route if len(others) < MOST_ROUTES else _OTHERS

    def _watch(self, place: str, sample: Sample, policy: CachePolicy) -> Watching | None:
        known = self._watches.get((place, sample))
        if known is not None:
            return known
        if self._model is None or policy.max_error is None or not is_watched(policy):
            return None
        point = operating_point(policy, self._model)
        if point == inf or not 0.0 < policy.max_error < 1.0:
            # Nothing is served by closeness, or everything may be wrong.
            return None
        tuned = Tuned(
            point,
            policy.max_error,
            # Two watches, and the chance of a false alarm of either.
            false_alarm=FALSE_ALARM / 2,
            window=window_for(policy.max_error),
        )
        made = Watching(place, sample, monitor(tuned), Awaiting(_PATIENCE[sample]))
        kept = self._kept.get((place, sample))
        if kept is not None and kept.monitor.tuned == tuned:
            made = msgspec.structs.replace(kept, monitor=restored(kept.monitor, tuned))
        self._watches[place, sample] = made
        self._on_moved(made, False)
        return made


def _samples(*, is_drawn: bool) -> tuple[Sample, ...]:
    return ("all", "drawn") if is_drawn else ("all",)


def name_of(model: JudgeModel) -> str:
    """What tells fits apart: scores of one mean nothing to another."""
    return f"{model.embedder} {model.slope!r} {model.shift!r} {model.probability!r}"


def _is_semantic_look_up(verdict: Verdict) -> bool:
    """Whether closeness was tried, or would not have mattered: an equal request is served whatever the bar."""
    if isinstance(verdict, Bypass):
        return False
    return isinstance(verdict, Hit) or verdict.reason in _JUDGED_MISSES or verdict.reason.startswith("veto-")


def _may_be_judged(verdict: Verdict, *, looks_again: bool) -> bool:
    """Whether a label may come: to what was served for its closeness, or to a doubtful miss by a second look.

    The others need not hold up those behind them.
    """
    if isinstance(verdict, Hit):
        return verdict.tier == "semantic"
    return looks_again and isinstance(verdict, Miss)


def _score(verdict: Verdict) -> float | None:
    if isinstance(verdict, Bypass):
        return None
    if isinstance(verdict, Hit) and (verdict.tier == "exact" or verdict.reason == "second-look-same"):
        # Not the judge's to give or to hold back.
        return inf
    return verdict.evidence.probability
