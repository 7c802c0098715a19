"""Count what a replay did: hits and their judgements, reasons, windows, percentiles, switches.

Plain functions over the played requests; where the numbers came from, and how
they are shown, is not known here.  Definitions are those of FORMATS section 2:
error is wrong hits over ALL requests, precision right hits over judged hits.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Literal, TypeAlias

import msgspec

from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.replay.labels import Judgement

VerdictName: TypeAlias = Literal["exact", "semantic", "miss", "bypass"]

# A miss because a guard spoke against a close neighbor has the guard's name behind this.
_VETO = "veto-"
# Windows are wide enough for a rate to mean something, and few enough to read.
_LEAST_WINDOW = 100
_MOST_WINDOWS = 20


class Played(msgspec.Struct, frozen=True):
    """What happened to one request.

    `judgement` is None where nothing was served from memory.  `model` is the
    model that served, None on a hit.
    """

    id: str
    verdict: VerdictName
    reason: str
    judgement: Judgement | None = None
    labelled: bool = False
    model: str | None = None
    escalated: bool = False
    conversation: str | None = None
    lookup_s: float | None = None
    overhead_s: float | None = None
    """Everything but waiting for the provider."""

    @property
    def is_hit(self) -> bool:
        """Whether the answer came from memory."""
        return self.verdict in ("exact", "semantic")


class Window(msgspec.Struct, frozen=True):
    """The rates of the requests up to number `to`, from where the window before ended."""

    to: int
    requests: int
    hit_rate: float
    error_rate: float


class Percentiles(msgspec.Struct, frozen=True):
    """Of latencies in milliseconds; None when there was nothing to measure."""

    p50: float | None
    p99: float | None


class Latency(msgspec.Struct, frozen=True):
    """`lookup`: embedding, search and judging; `hit`: a hit in all; `miss_overhead`: a miss but for its provider."""

    lookup: Percentiles
    hit: Percentiles
    miss_overhead: Percentiles


class Counts(msgspec.Struct, frozen=True):
    """Hits and how right they were."""

    requests: int
    exact_hits: int
    semantic_hits: int
    right_hits: int
    wrong_hits: int
    unjudged_hits: int
    labelled: int

    @property
    def hit_rate(self) -> float:
        """Hits over requests."""
        return _share(self.exact_hits + self.semantic_hits, self.requests)

    @property
    def error_rate(self) -> float:
        """Wrong hits over all requests."""
        return _share(self.wrong_hits, self.requests)

    @property
    def error_rate_ci95(self) -> tuple[float, float]:
        """Clopper-Pearson."""
        return clopper_pearson(self.wrong_hits, self.requests)

    @property
    def precision(self) -> float | None:
        """Right hits over judged hits; None when none was judged."""
        judged = self.right_hits + self.wrong_hits
        return self.right_hits / judged if judged else None

    @property
    def precision_ci95(self) -> tuple[float, float]:
        """Clopper-Pearson."""
        return clopper_pearson(self.right_hits, self.right_hits + self.wrong_hits)


class Reasons(msgspec.Struct, frozen=True):
    """How often each reason was given, most frequent first."""

    bypass: dict[str, int]
    miss: dict[str, int]
    vetoes: dict[str, int]


class Moves(msgspec.Struct, frozen=True):
    """How conversations moved between models; a conversation has two served requests or more."""

    conversations: int
    switches: int

    @property
    def per_conversation(self) -> float:
        """Mean changes of model in a conversation."""
        return _share(self.switches, self.conversations)


def counts(played: Sequence[Played]) -> Counts:
    """Count hits by tier and judgement."""
    verdicts = Counter(one.verdict for one in played)
    judgements = Counter(one.judgement for one in played if one.is_hit)
    return Counts(
        requests=len(played),
        exact_hits=verdicts["exact"],
        semantic_hits=verdicts["semantic"],
        right_hits=judgements["right"],
        wrong_hits=judgements["wrong"],
        unjudged_hits=judgements["unjudged"],
        labelled=sum(one.labelled for one in played),
    )


def reasons(played: Iterable[Played]) -> Reasons:
    """Count the reasons of everything that was not a hit."""
    by_verdict: dict[str, Counter[str]] = {"bypass": Counter(), "miss": Counter()}
    vetoes: Counter[str] = Counter()
    for one in played:
        if one.verdict in by_verdict:
            by_verdict[one.verdict][one.reason] += 1
        if one.reason.startswith(_VETO):
            vetoes[one.reason.removeprefix(_VETO)] += 1
    return Reasons(_ordered(by_verdict["bypass"]), _ordered(by_verdict["miss"]), _ordered(vetoes))


def models(played: Iterable[Played]) -> dict[str, int]:
    """How many requests each model served."""
    return _ordered(Counter(one.model for one in played if one.model is not None))


def moves(played: Iterable[Played]) -> Moves:
    """Count changes of the served model inside conversations; hits are passed over."""
    last: dict[str, str] = {}
    seen: set[str] = set()
    switches = 0
    for one in played:
        if one.conversation is None or one.model is None:
            continue
        before = last.get(one.conversation)
        if before is not None:
            seen.add(one.conversation)
            switches += before != one.model
        last[one.conversation] = one.model
    return Moves(conversations=len(seen), switches=switches)


def windows(played: Sequence[Played]) -> tuple[Window, ...]:
    """Rates along the log, in equal steps of hundreds; the last window may be short."""
    width = max(_LEAST_WINDOW, ceil(len(played) / _MOST_WINDOWS / _LEAST_WINDOW) * _LEAST_WINDOW)
    found = []
    for start in range(0, len(played), width):
        part = counts(played[start : start + width])
        found.append(Window(start + part.requests, part.requests, part.hit_rate, part.error_rate))
    return tuple(found)


def latency(played: Sequence[Played]) -> Latency:
    """Percentiles of what the gateway itself took."""
    return Latency(
        lookup=percentiles([one.lookup_s for one in played if one.lookup_s is not None]),
        hit=percentiles([one.overhead_s for one in played if one.is_hit and one.overhead_s is not None]),
        miss_overhead=percentiles(
            [one.overhead_s for one in played if one.verdict == "miss" and one.overhead_s is not None]
        ),
    )


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """The nearest-rank 50th and 99th percentile, in milliseconds."""
    if not seconds:
        return Percentiles(None, None)
    ranked = sorted(seconds)

    def at(share: float) -> float:
        return round(ranked[max(0, ceil(share * len(ranked)) - 1)] * 1000, 4)

    return Percentiles(at(0.50), at(0.99))


def _ordered(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
