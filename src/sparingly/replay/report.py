"""The report of a replay: one JSON object that other people's scripts read.

Field names are a contract (FORMATS section 2): fields may be added, none may
change or go without a new `version`.  How a person sees it is `showing.py`.
"""

from typing import Literal, TypeAlias

import msgspec

from sparingly.replay.costs import CostTable, Quality
from sparingly.replay.logged import Trace
from sparingly.replay.scores import Counts, Latency, Moves, Reasons, Window

Insert: TypeAlias = Literal["all", "misses"]

VERSION = 1


class LogFacts(msgspec.Struct, frozen=True):
    """Which log was played; `without_answer` counts requests that were logged without one."""

    name: str
    format: str
    sha256: str
    requests: int
    span_s: float
    left_out: int
    without_answer: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a replay found out; costs in dollars, shares from 0 to 1."""

    version: int = VERSION
    log: LogFacts
    config_sha256: str
    seed: int
    insert: Insert
    requests: int
    exact_hits: int
    semantic_hits: int
    hit_rate: float
    right_hits: int
    wrong_hits: int
    unjudged_hits: int
    error_rate: float
    error_rate_ci95: tuple[float, float]
    precision: float | None
    precision_ci95: tuple[float, float]
    labelled: int
    bypass: dict[str, int]
    miss: dict[str, int]
    vetoes: dict[str, int]
    cost_usd: CostTable
    quality: Quality | msgspec.UnsetType = msgspec.UNSET
    routes: dict[str, int]
    escalations: int
    conversations: int
    switches_per_conversation: float
    latency_ms: Latency
    windows: tuple[Window, ...]
    trouble: dict[str, int]
    """Parts that failed during the replay, by code: a replay with any is not a clean one."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the decisions file; `neighbor_id` is the judge's best candidate, also on a miss."""

    id: str
    verdict: str
    reason: str
    similarity: float | None
    nearest_id: str | None
    probability: float | None
    neighbor_id: str | None
    route: str
    model: str | None
    scores: dict[str, float]
    cost_usd: float
    judgement: str | None
    escalated: bool
    tier: str | None
    route_reason: str | None
    strategy: str | None
    propensity: float


class Run(msgspec.Struct, frozen=True):
    """How a replay was set up."""

    config_sha256: str
    seed: int = 0
    insert: Insert = "misses"


def log_facts(trace: Trace, *, without_answer: int) -> LogFacts:
    """What the report says of the log."""
    return LogFacts(
        name=trace.name,
        format=trace.format,
        sha256=trace.sha256,
        requests=len(trace.requests),
        span_s=trace.span_s,
        left_out=trace.left_out,
        without_answer=without_answer,
    )


def report(
    *,
    log: LogFacts,
    run: Run,
    counts: Counts,
    reasons: Reasons,
    costs: CostTable,
    quality: Quality | None,
    routes: dict[str, int],
    escalations: int,
    moves: Moves,
    latency: Latency,
    windows: tuple[Window, ...],
    trouble: dict[str, int],
) -> Report:
    """Put the parts into the contract's shape."""
    return Report(
        log=log,
        config_sha256=run.config_sha256,
        seed=run.seed,
        insert=run.insert,
        requests=counts.requests,
        exact_hits=counts.exact_hits,
        semantic_hits=counts.semantic_hits,
        hit_rate=counts.hit_rate,
        right_hits=counts.right_hits,
        wrong_hits=counts.wrong_hits,
        unjudged_hits=counts.unjudged_hits,
        error_rate=counts.error_rate,
        error_rate_ci95=counts.error_rate_ci95,
        precision=counts.precision,
        precision_ci95=counts.precision_ci95,
        labelled=counts.labelled,
        bypass=reasons.bypass,
        miss=reasons.miss,
        vetoes=reasons.vetoes,
        cost_usd=costs,
        quality=msgspec.UNSET if quality is None else quality,
        routes=routes,
        escalations=escalations,
        conversations=moves.conversations,
        switches_per_conversation=moves.per_conversation,
        latency_ms=latency,
        windows=windows,
        trouble=trouble,
    )


def as_json(found: Report) -> bytes:
    """The report as the file that `--json` writes."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
