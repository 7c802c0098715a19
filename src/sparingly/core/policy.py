"""What an operator may decide about caching and routing, as plain data.

These structs are the `cache` and `routing` parts of the config file; the
functions in `core` take them as arguments, so a replay can be run with any.
Every field has its unit in its name.
"""

from typing import Literal, TypeAlias

import msgspec

from sparingly.core.evidence.guards import Domain
from sparingly.core.strategies import Balance, Best, Learned, Pair, Route, Sticky, TrafficRules

Mode: TypeAlias = Literal["off", "observe", "on"]
JudgeKind: TypeAlias = Literal["fitted", "threshold"]
PersonalAction: TypeAlias = Literal["own_scope", "no_store", "ignore"]


class _Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown keys in a config file are errors."""


class ScopePolicy(_Policy, frozen=True, kw_only=True):
    """What may be left out when two requests are compared.

    `ignore` are regular expressions; what they match in system prompts is
    blanked out.  `shared` are groups of tenants that agree to be answered from
    each other's entries.  Both trade safety for hits.
    """

    ignore: tuple[str, ...] = ()
    shared: tuple[tuple[str, ...], ...] = ()


class TtlClasses(_Policy, frozen=True, kw_only=True):
    """How long answers are kept by what their question says of time; stable ones for `ttl_s`.

    Seconds, never more than `ttl_s`; 0 keeps none.  `live` holds for this moment, place
    or person only (the weather, "where is my order"), `current` changes within
    hours ("the latest version"), `seasonal` within months (records, office-holders).
    """

    enabled: bool = True
    live: int = 0
    current: int = 3600
    seasonal: int = 24 * 3600
    live_from: float = 0.8
    """The least probability of `live`, unless its words say so."""
    dependent_from: float = 0.5
    """The least probability of `current` and `seasonal`."""


class PersonalPolicy(_Policy, frozen=True, kw_only=True):
    """What becomes of requests that carry personal data; `tenants` have actions of their own.

    `own_scope` keeps them out of what groups share; `no_store` neither looks nor
    keeps; `ignore` does not even look for such data.
    """

    action: PersonalAction = "own_scope"
    tenants: dict[str, PersonalAction] = {}


class GreyZone(_Policy, frozen=True, kw_only=True):
    """Who takes a second look at a miss that the judge was not sure of.

    `low` and `high` bound the judge's probability, or the similarity where no
    judge is fitted.  Unless `sync`, the request is a miss all the same and the
    look serves the next one.
    """

    judge: Literal["none", "llm"] = "none"
    low: float = 0.5
    high: float = 1.0
    model: str | None = None
    timeout_s: float = 10.0
    max_tokens: int = 50
    max_per_minute: int = 30
    sync: bool = False


class RouteCache(_Policy, frozen=True, kw_only=True):
    """Overrides of the cache policy for one route; None inherits."""

    mode: Mode | None = None
    judge: JudgeKind | None = None
    threshold: float | None = None
    max_error: float | None = None
    probability: float | None = None
    tuned_error: float | None = None
    domain: Domain | None = None
    guards: dict[str, bool] | None = None
    ttl_s: int | None = None
    recheck: float | None = None


class CachePolicy(_Policy, frozen=True, kw_only=True):
    """When to look, what to believe and what to keep.

    `judge` says who decides: the fitted judge, whose hits need the point of `max_error`
    or `probability` (see `core/judging/operating_point.py`), or the bare cosine, whose hits need `threshold`.
    """

    mode: Mode = "on"
    semantic: bool = True
    judge: JudgeKind = "fitted"
    judge_file: str | None = None
    """A judge that `sparingly train-judge` wrote; None takes the one in the package."""
    threshold: float = 0.97
    max_error: float | None = None
    """Wrong hits, of all requests, that are borne; None states no bound, and nothing is watched."""
    probability: float | None = None
    """None takes the operating point that the judge was fitted with."""
    tuned_error: float | None = None
    """The error for which `probability` was found on one's own log; `sparingly tune` writes it."""
    floor: float | None = None
    """Stored questions less similar than this are not judged; None takes the judge's own."""
    domain: Domain = "general"
    """Which guards are on where `guards` says nothing."""
    guards: dict[str, bool] = {}
    k: int = 5
    ttl_s: int = 7 * 24 * 3600
    max_entries: int = 50_000
    max_answer_bytes: int = 256 * 1024
    # 1.0 is the default of the OpenAI and Anthropic APIs: a caller who asks for more wants variety.
    max_temperature: float = 1.0
    pace_tokens_per_s: float = 0.0
    """How fast a hit is streamed; 0 sends it at once."""
    wait_for_same: bool = True
    """A request equal to one under way waits for that answer instead of paying for a second."""
    ttl_classes: TtlClasses = TtlClasses()
    personal: PersonalPolicy = PersonalPolicy()
    shared_write: Literal["confirmed", "any"] = "confirmed"
    """When an answer of a group may serve close questions of its other tenants: once a second one confirmed it, or at once."""
    grey_zone: GreyZone = GreyZone()
    recheck: float = 0.0
    """The share of semantic hits whose question is asked upstream all the same, to compare the answers."""
    recheck_per_minute: int = 10
    """Hits that are checked so in a minute, at most."""
    revoke_similarity: float | None = None
    """A denied answer takes along the entries of its scope that are this similar to it; None: none."""
    scope: ScopePolicy = ScopePolicy()
    routes: dict[str, RouteCache] = {}


def for_route(policy: CachePolicy, route: str) -> CachePolicy:
    """The policy with a route's overrides laid over it."""
    override = policy.routes.get(route)
    if override is None:
        return policy
    changed = {
        name: value for name in override.__struct_fields__ if (value := getattr(override, name)) is not None
    }
    if "probability" in changed:
        # What was measured for everybody's probability says nothing of this one.
        changed.setdefault("tuned_error", None)
    return msgspec.structs.replace(policy, **changed)


class Price(_Policy, frozen=True, kw_only=True):
    """Dollars per million tokens, as providers list them; None takes the input price."""

    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cached_input_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None


class Deployment(_Policy, frozen=True, kw_only=True):
    """One place where a model is served; `model` is its name there, by default the same."""

    provider: str
    model: str | None = None
    weight: float = 1.0


class Model(_Policy, frozen=True, kw_only=True):
    """A model name that clients and routes may use, where it is served, and who of those is asked first."""

    deployments: tuple[Deployment, ...] = ()
    balance: Balance = "weighted"
    price: Price | None = None


class Classifier(_Policy, frozen=True, kw_only=True):
    """Who sorts requests into tiers: a model that is asked, or the local embedding of examples."""

    kind: Literal["llm", "embedding"] | None = None
    model: str | None = None
    max_tokens: int = 50
    timeout_s: float = 3.0
    examples: str | None = None
    """A file of labelled examples; None takes the ones in the package."""
    least_support: float = 0.0
    """The share of the examples that would count as of no tier; tells only where tiers are many, as intents are."""


class Tier(_Policy, frozen=True, kw_only=True):
    """The model of a tier; tiers are written cheapest first."""

    model: str
    min_confidence: float | None = None
    """The bar between this tier and the next one up; None takes `fallback.min_confidence`."""


class Escalation(_Policy, frozen=True, kw_only=True):
    """What happens when the classifier is not sure enough."""

    strategy: Literal["escalate", "none"] = "escalate"
    min_confidence: float = 0.7


class Retry(_Policy, frozen=True, kw_only=True):
    """How often and how patiently a candidate is asked again before the next one is."""

    attempts: int = 2
    """Per candidate, the first one included."""
    base_wait_s: float = 0.25
    max_wait_s: float = 8.0
    """A longer Retry-After means: next candidate."""
    hold_s: float = 10.0
    """For so long the beginning of a stream is held back while it has no content; until then the next can be asked."""


class RoutingPolicy(_Policy, frozen=True, kw_only=True):
    """From asked model to served model.

    `names` maps an asked name to a model or a strategy: `tiers`, `learned`, or the
    name of one of `pairs` or `best`; a concrete model that is not mapped is honored.
    `fallbacks` lists models to try when all deployments of a model have failed.
    """

    classifier: Classifier = Classifier(kind="embedding")
    tiers: dict[str, Tier] = {}
    fallback: Escalation = Escalation()
    names: dict[str, str] = msgspec.field(default_factory=lambda: {"auto": "tiers"})
    traffic: TrafficRules = TrafficRules()
    routes: dict[str, Route] = {}
    pairs: dict[str, Pair] = {}
    best: dict[str, Best] = {}
    learned: Learned | None = None
    sticky: Sticky = Sticky()
    fallbacks: dict[str, tuple[str, ...]] = {}
    retry: Retry = Retry()
