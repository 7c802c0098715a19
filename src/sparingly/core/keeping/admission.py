"""Decide whether an answer may be kept, and for which tier.

Rule: only what would be right to give to somebody else is kept.  An answer
that is cut, failed, empty, refused or too large is not; one that calls tools,
or that belongs to a conversation, serves the exact tier only.  What is shared
among tenants is held to more: see `core/keeping/poisoning.py` and `core/keeping/personal.py`.
"""

import re
from typing import Literal

import msgspec

from sparingly.core.answer import EMBEDDED, Answer
from sparingly.core.chat import Ask, Refusal, Text, ToolCall
from sparingly.core.directives import Directives
from sparingly.core.fingerprint import Fingerprint
from sparingly.core.keeping.freshness import TimeClass, kept_for_s
from sparingly.core.keeping.personal import MAX_CHARS, Kind, personal_kinds
from sparingly.core.keeping.poisoning import crafted
from sparingly.core.policy import CachePolicy

# Openings of refusals that models give instead of an answer.  A refusal that is missed costs one stored
# refusal; an answer taken for a refusal costs one hit: so only short answers are looked at.
_REFUSAL = re.compile(
    r"^\W*(?:i['\u2019]?m sorry|i am sorry|sorry)?[\s,.!-]*(?:but\s+)?"
    r"(?:i|we)\s*(?:can(?:no|['\u2019])?t|am unable to|['\u2019]m unable to|am not able to|['\u2019]m not able to|won['\u2019]t)"
    r"\s+(?:help|assist|do that|comply|provide|answer|fulfil|fulfill|discuss|support|create|generate|continue)",
    re.IGNORECASE,
)
_REFUSAL_CHARS = 400

# What an answer to a question without personal data has no reason to hold.  An address of mail or a telephone number
# is more often that of a help desk.
_TELLING: frozenset[Kind] = frozenset({"card", "iban", "national-id", "secret", "birth-date"})


class Admission(msgspec.Struct, frozen=True):
    """`tier` is the widest tier the answer may serve, `ttl_s` for how long; `reason` says what narrowed it."""

    tier: Literal["none", "exact", "semantic"]
    reason: str
    ttl_s: int = 0


def is_cacheable(ask: Ask, policy: CachePolicy) -> str | None:
    """Why a request has no business with the cache at all, or None."""
    if ask.held is not None:
        return "held-by-provider"
    if ask.sampling.temperature is not None and ask.sampling.temperature > policy.max_temperature:
        return "temperature"
    return None


def admit(
    ask: Ask,
    answer: Answer,
    fingerprint: Fingerprint,
    *,
    directives: Directives,
    policy: CachePolicy,
    answer_bytes: int,
    time_class: TimeClass = "stable",
) -> Admission:
    """Judge a complete, successful answer; `answer_bytes` is its size as it will be stored.

    `time_class` is the question's, see `core/keeping/freshness.py`.
    """
    if not directives.keep:
        return Admission("none", "no-store")
    reason = is_cacheable(ask, policy) or _unfit(answer, drafts=ask.sampling.n or 1)
    if reason is not None:
        return Admission("none", reason)
    if answer_bytes > policy.max_answer_bytes:
        return Admission("none", "too-large")
    ttl_s = kept_for_s(time_class, policy)
    if ttl_s <= 0 < policy.ttl_s:
        return Admission("none", "time-dependent")
    if fingerprint.is_shared and not _TELLING.isdisjoint(personal_kinds(answer.text[:MAX_CHARS])):
        return Admission("none", "personal-answer")
    reason = _exact_only(answer, fingerprint, policy)
    if reason is not None:
        return Admission("exact", reason, ttl_s)
    return Admission("semantic", "admitted" if ttl_s == policy.ttl_s else time_class, ttl_s)


def _exact_only(answer: Answer, fingerprint: Fingerprint, policy: CachePolicy) -> str | None:
    if answer.has_tool_calls:
        return "tool-calls"
    if any(choice.finish == "length" for choice in answer.choices):
        return "cut-by-max-tokens"
    if fingerprint.exact_only is not None:
        return fingerprint.exact_only
    if not policy.semantic:
        return "semantic-off"
    if fingerprint.is_shared and fingerprint.text is not None and crafted(fingerprint.text) is not None:
        return "crafted"
    return None


def _unfit(answer: Answer, *, drafts: int) -> str | None:
    if not answer.choices:
        return "empty"
    # A stream can be cut between two drafts, each of which looks finished.
    if len(answer.choices) < drafts:
        return "incomplete"
    for choice in answer.choices:
        if choice.finish is None:
            return "incomplete"
        if choice.finish == "content_filter" or any(isinstance(block, Refusal) for block in choice.blocks):
            return "refusal"
        if choice.finish == EMBEDDED or any(isinstance(block, ToolCall) for block in choice.blocks):
            continue
        words = "".join(block.text for block in choice.blocks if isinstance(block, Text)).strip()
        if not words:
            return "empty"
        if len(words) <= _REFUSAL_CHARS and _REFUSAL.match(words):
            return "refusal"
    return None
