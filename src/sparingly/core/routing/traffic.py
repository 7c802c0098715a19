"""Tell kinds of traffic apart by what a request has, not by the names it uses.

Agents send several kinds of requests under one model name: the work itself,
titles and probes beside it, searches, and sub-agents with tasks of their own.
Claude Code Router (its README, November 2026) routes them by the model's name
and by marks in the prompt; here each kind is a condition on features.

A request may be of several kinds; a route asks for one.
"""

from collections.abc import Iterator

from sparingly.core.features import Features
from sparingly.core.strategies import Traffic, TrafficRules


def kinds_of(features: Features, rules: TrafficRules) -> frozenset[Traffic]:
    """The kinds a request is of; `plain` is one that is of no other."""
    return frozenset(_kinds(features, rules)) or frozenset({"plain"})


def _kinds(features: Features, rules: TrafficRules) -> Iterator[Traffic]:
    if _is_background(features, rules):
        yield "background"
    if features.thinking:
        yield "thinking"
    if features.estimated_tokens > rules.long_context_tokens:
        yield "long_context"
    if features.web_search:
        yield "web_search"
    if features.images:
        yield "images"
    if features.sub_agent:
        yield "sub_agent"


def _is_background(features: Features, rules: TrafficRules) -> bool:
    """What runs beside the work: it offers no tools, in a session that does; or it wants a few tokens only."""
    if features.tools or features.thinking:
        return False
    return features.agent_session or 0 < features.max_tokens <= rules.background_max_tokens
