"""Requests, entries and neighbors for tests: what a test does not name has a plain value."""

import re
from collections.abc import Iterable

import msgspec

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Ask, Part, Role, Sampling, Tenant, Text, Tool, Turn
from sparingly.core.entry import Digest, Entry, Neighbor, Scope
from sparingly.core.fingerprint import Canon, Fingerprint, fingerprint

# Any fixed time will do; this one is in November 2026.
NOW = 1_795_000_000.0

TENANT = Tenant("acme")
CANON = Canon("minilm")

QUESTION = "What is the capital of France?"

USAGE = Usage(input_tokens=12, output_tokens=8)

WEATHER = Tool("weather", "The weather in a city.")


def turn(role: Role, *parts: Part | str, name: str | None = None) -> Turn:
    """A turn whose plain strings are words."""
    return Turn(role, tuple(Text(part) if isinstance(part, str) else part for part in parts), name=name)


def ask(
    *words: str,
    system: str | None = None,
    earlier: Iterable[Turn] = (),
    model: str = "gpt-4o",
    temperature: float | None = None,
    max_tokens: int | None = None,
    tools: tuple[Tool, ...] = (),
    stream: bool = False,
) -> Ask:
    """A request that ends with a user's words: a system prompt, earlier turns, `words` as parts."""
    first = () if system is None else (turn("system", system),)
    return Ask(
        model=model,
        turns=(*first, *earlier, turn("user", *(words or (QUESTION,)))),
        sampling=Sampling(temperature=temperature, max_tokens=max_tokens),
        tools=tools,
        stream=stream,
    )


def mark(of: Ask | None = None, *, tenant: Tenant = TENANT, canon: Canon = CANON) -> Fingerprint:
    """The fingerprint of a request."""
    return fingerprint(ask() if of is None else of, tenant=tenant, canon=canon)


def ignoring(*patterns: str) -> Canon:
    """A canon that blanks out what the patterns match."""
    return msgspec.structs.replace(CANON, ignore=tuple(re.compile(pattern) for pattern in patterns))


def answer(
    *blocks: Block | str,
    finish: str | None = "stop",
    model: str = "gpt-4o-2024-08-06",
    usage: Usage | None = USAGE,
) -> Answer:
    """A complete answer of one choice; plain strings are words."""
    made = tuple(Text(block) if isinstance(block, str) else block for block in blocks or ("Paris.",))
    return Answer(model, (Choice(0, made, finish),), usage)


def entry(
    of: Fingerprint | None = None,
    *,
    said: Answer | None = None,
    source: str = "req-1",
    created_at: float = NOW - 60.0,
    expires_at: float = NOW + 3_600.0,
    cost_nano: int = 0,
    worth: float = 0.0,
    hits: int = 0,
    tenant: Tenant = TENANT,
    tags: tuple[str, ...] = (),
) -> Entry:
    """An entry made a minute ago that is good for an hour."""
    of = mark() if of is None else of
    return Entry(
        digest=of.digest,
        scope=of.scope,
        tenant=tenant,
        text=of.text,
        answer=answer() if said is None else said,
        asked="gpt-4o",
        served="gpt-4o",
        source=source,
        created_at=created_at,
        expires_at=expires_at,
        cost_nano=cost_nano,
        worth=worth,
        hits=hits,
        tags=tags,
    )


def neighbor(
    similarity: float,
    *,
    source: str = "req-1",
    created_at: float = NOW - 60.0,
    expires_at: float = NOW + 3_600.0,
    digest: str | None = None,
) -> Neighbor:
    """A neighbor; two with different sources have different digests."""
    near = Fingerprint(Scope("s" * 32), Digest(digest or f"{source:0>32}"), "text", None)
    return Neighbor(entry(near, source=source, created_at=created_at, expires_at=expires_at), similarity)


def said_of(one: Neighbor, *, confirmed: int = 0, denied: int = 0) -> Neighbor:
    """The same neighbor with what callers said of its answer."""
    return msgspec.structs.replace(
        one, entry=msgspec.structs.replace(one.entry, confirmed=confirmed, denied=denied)
    )
