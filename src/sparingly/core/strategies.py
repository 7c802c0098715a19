"""How a model may be chosen, as an operator writes it: conditions, pairs, constraints, stickiness.

Parts of the `routing` section of the config file; `core/policy` puts them
together and `core/routing` acts on them.
"""

from typing import Literal, TypeAlias

import msgspec

Balance: TypeAlias = Literal["weighted", "least_busy", "lowest_latency", "lowest_price"]
Traffic: TypeAlias = Literal[
    "background", "thinking", "long_context", "web_search", "images", "sub_agent", "plain"
]
ScoreSource: TypeAlias = Literal["tiers", "learned"]


class _Strategy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown keys in a config file are errors."""


class Bounds(_Strategy, frozen=True, kw_only=True):
    """What a feature's number may be, ends included; None leaves that end open."""

    least: float | None = None
    most: float | None = None


class RouteMatch(_Strategy, frozen=True, kw_only=True):
    """Conditions that all must hold; None and nothing hold for everything.

    `model`, `tenant`, `path` and the values of `headers` and `metadata` are
    shell patterns; `traffic` is a kind of request (see `core/routing/traffic`);
    `features` are numbers that `sparingly explain` shows.
    """

    model: str | None = None
    tenant: str | None = None
    path: str | None = None
    traffic: Traffic | None = None
    features: dict[str, Bounds] = {}
    headers: dict[str, str] = {}
    metadata: dict[str, str] = {}


class Route(_Strategy, frozen=True, kw_only=True):
    """A named kind of request.  `to` is a model or a strategy; None leaves the model as asked."""

    match: RouteMatch
    to: str | None = None


class TrafficRules(_Strategy, frozen=True, kw_only=True):
    """Where the kinds of traffic begin."""

    # Claude Code Router's own default; a third of the smallest window of today's agents' models.
    long_context_tokens: int = 60_000
    # Titles, topics and probes of agents ask for so few; a sentence needs about 20.
    background_max_tokens: int = 32


class Pair(_Strategy, frozen=True, kw_only=True):
    """A strong and a weak model; the strong one answers from a score of `threshold` on.

    `score` is who says how much a request needs the strong one: the tier
    classifier, or the learned estimates; None takes the latter where they know both.
    """

    strong: str
    weak: str
    threshold: float = 0.5
    score: ScoreSource | None = None


class BestModel(_Strategy, frozen=True, kw_only=True):
    """What is known of a model; None: the learned estimate, the list price, what was measured."""

    quality: float | None = None
    latency_s: float | None = None


class Best(_Strategy, frozen=True, kw_only=True):
    """The cheapest, fastest or best of some models within constraints.

    `tolerance`: only models with an estimated quality of at least
    (1 - tolerance) times the best one's.  `max_latency_s` and `max_cost_usd`
    leave others out; when none is left, the constraint that asks for quality wins.
    """

    models: dict[str, BestModel]
    by: Literal["price", "latency", "quality"] = "price"
    tolerance: float = 0.0
    max_latency_s: float | None = None
    max_cost_usd: float | None = None


class Learned(_Strategy, frozen=True, kw_only=True):
    """Estimates that `sparingly train-router` fitted, and what to choose by them.

    With `tolerance` the cheapest model that is good enough; else the best of
    quality minus `cost_weight` times dollars.  With both None the file's own
    operating point holds.  `default` answers where there is too little evidence.
    `models` maps the file's names to the config's; empty takes the names that the
    config spells out.
    """

    file: str
    default: str
    models: dict[str, str] = {}
    tolerance: float | None = None
    cost_weight: float | None = None
    least_support: float | None = None
    """The share of training prompts that had less evidence near them; None takes the file's own bar."""


class Sticky(_Strategy, frozen=True, kw_only=True):
    """When a conversation changes its model: up at once, down when it pays.

    What it is about is told by all its turns: of each model's estimated quality, earlier turns keep the share
    `memory`, or less while they are few; 0 judges each turn alone.

    Going down must save, over the turns still expected, `margin` times what the
    lost provider-side prompt cache costs; `cache_ttl_s` is how long that cache lasts.
    """

    enabled: bool = True
    memory: float = 0.7
    margin: float = 2.0
    # Anthropic's cache lasts 5 minutes, OpenAI's 5 to 10 (their documentation, November 2026).
    cache_ttl_s: float = 300.0
    ttl_s: float = 3_600.0
    max_conversations: int = 20_000
    header: str = "x-sparingly-conversation"
    """The request header with the conversation's id."""
    metadata: str = "conversation_id"
    """The key in the request's `metadata` with the conversation's id."""
