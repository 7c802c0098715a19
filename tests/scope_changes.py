"""One change for each field of the scope: after it, two requests must not be taken for one another."""

from collections.abc import Callable
from random import Random
from typing import TypeVar

import msgspec

from sparingly.core.chat import Image, Json, Role, Tenant, Text, Turn
from tests.scoped_requests import Change, Request, json, part, tool, turn, with_ask, word

T = TypeVar("T")

_ROLES: tuple[Role, ...] = ("system", "developer", "user", "assistant", "tool")


def other(rng: Random, old: object, draw: Callable[[Random], T]) -> T:
    """A value that differs from `old`."""
    while (new := draw(rng)) == old:
        pass
    return new


def _tenant(rng: Random, request: Request) -> Request:
    names = ("a", "b", "c", "a+b", "tenant", "group", "")
    return msgspec.structs.replace(
        request, tenant=Tenant(other(rng, request.tenant, lambda r: r.choice(names)))
    )


def _embedder(rng: Random, request: Request) -> Request:
    return msgspec.structs.replace(request, embedder=other(rng, request.embedder, word))


def _realm(rng: Random, request: Request) -> Request:
    return msgspec.structs.replace(request, realm=other(rng, request.realm, word))


def _group(rng: Random, request: Request) -> Request:
    """The tenant joins a group: it no longer answers from what it kept alone."""
    partners = rng.sample(("a", "b", "a+b", "p", "p+a", "+"), rng.randint(1, 2))
    return msgspec.structs.replace(request, shared=((request.tenant, *partners),))


def _model(rng: Random, request: Request) -> Request:
    return with_ask(request, model=request.ask.model + rng.choice((" ", "-mini", "\x00")))


def _system(rng: Random, request: Request) -> Request:
    turns = request.ask.turns
    if not turns or turns[0].role != "system":
        return with_ask(request, turns=(Turn("system", (Text(word(rng)),)), *turns))
    parts = other(rng, turns[0].parts, lambda r: (Text(word(r)), *turns[0].parts[1:]))
    return with_ask(request, turns=(msgspec.structs.replace(turns[0], parts=parts), *turns[1:]))


def _earlier_turn(rng: Random, request: Request) -> Request:
    """Change a turn before the last one, or put one there."""
    turns = list(request.ask.turns)
    if len(turns) < 2:
        return with_ask(request, turns=(turn(rng), *turns))
    at = rng.randrange(len(turns) - 1)
    old = turns[at]
    change = rng.randrange(5)
    if change == 0:
        turns[at] = msgspec.structs.replace(old, role=other(rng, old.role, lambda r: r.choice(_ROLES)))
    elif change == 1:
        turns[at] = msgspec.structs.replace(old, name=other(rng, old.name, word))
    elif change == 2:
        turns[at] = msgspec.structs.replace(old, extra=other(rng, old.extra, json))
    elif change == 3:
        turns[at] = msgspec.structs.replace(old, parts=(*old.parts, part(rng)))
    else:
        del turns[at]
    return with_ask(request, turns=tuple(turns))


def _attachment(rng: Random, request: Request) -> Request:
    """Add a picture to the last turn, before or after its words."""
    if not request.ask.turns:
        return with_ask(request, turns=(Turn("user", (Image(word(rng)),)),))
    *earlier, last = request.ask.turns
    at = rng.randint(0, len(last.parts))
    parts = (*last.parts[:at], Image(word(rng), rng.choice((None, "low"))), *last.parts[at:])
    return with_ask(request, turns=(*earlier, msgspec.structs.replace(last, parts=parts)))


def _last_turn_field(field: str, draw: Callable[[Random], str | Json]) -> Change:
    def change(rng: Random, request: Request) -> Request:
        turns = request.ask.turns or (Turn("user", (Text("a"),)),)
        *earlier, last = turns
        value = other(rng, getattr(last, field), draw)
        return with_ask(request, turns=(*earlier, msgspec.structs.replace(last, **{field: value})))

    return change


def _tools(rng: Random, request: Request) -> Request:
    tools = request.ask.tools
    if not tools or rng.random() < 0.5:
        return with_ask(request, tools=(*tools, tool(rng)))
    changed = other(rng, tools[-1], tool)
    return with_ask(request, tools=(*tools[:-1], changed))


def _field(field: str, draw: Callable[[Random], object]) -> Change:
    def change(rng: Random, request: Request) -> Request:
        return with_ask(request, **{field: other(rng, getattr(request.ask, field), draw)})

    return change


def _sampling_field(field: str, draw: Callable[[Random], object]) -> Change:
    def change(rng: Random, request: Request) -> Request:
        sampling = request.ask.sampling
        value = other(rng, getattr(sampling, field), draw)
        return with_ask(request, sampling=msgspec.structs.replace(sampling, **{field: value}))

    return change


def _yes_or_no(rng: Random) -> bool:
    return rng.random() < 0.5


def _few(rng: Random) -> int:
    return rng.randint(0, 3)


def _share(rng: Random) -> float:
    return rng.choice((0.0, 0.1, 0.5, 1.0, 1.5))


CHANGES: dict[str, Change] = {
    "tenant": _tenant,
    "shared groups": _group,
    "embedder name": _embedder,
    "realm": _realm,
    "asked model": _model,
    "system prompt": _system,
    "any earlier turn": _earlier_turn,
    "attachments": _attachment,
    "name of the last turn": _last_turn_field("name", word),
    "unknown field of the last turn": _last_turn_field("extra", json),
    "tools": _tools,
    "tool_choice": _field("tool_choice", json),
    "parallel_tool_calls": _field("parallel_tool_calls", _yes_or_no),
    "response_format": _field("response_format", json),
    "unknown extra field": _field("extra", json),
    "temperature": _sampling_field("temperature", _share),
    "top_p": _sampling_field("top_p", _share),
    "n": _sampling_field("n", _few),
    "seed": _sampling_field("seed", _few),
    "stop": _sampling_field("stop", lambda rng: tuple(word(rng) for _ in range(rng.randint(0, 2)))),
    "logprobs": _sampling_field("logprobs", _yes_or_no),
    "top_logprobs": _sampling_field("top_logprobs", _few),
    "max_tokens": _sampling_field("max_tokens", _few),
    "presence_penalty": _sampling_field("presence_penalty", _share),
    "frequency_penalty": _sampling_field("frequency_penalty", _share),
}
