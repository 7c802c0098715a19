"""Random requests, and changes of one scope field each, for the laws of the fingerprint.

Words are drawn from a small list of trouble: text that looks like JSON, like a
join of other texts, like a blanked stretch.  A small list also makes chance
repeats likely, which is what a test for collisions wants.
"""

from collections.abc import Callable, Hashable
from random import Random

import msgspec

from sparingly.core.chat import (
    Ask,
    Image,
    Json,
    Opaque,
    Part,
    Refusal,
    Role,
    Sampling,
    Tenant,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.core.fingerprint import Canon, Fingerprint, canon, fingerprint
from sparingly.core.policy import ScopePolicy

_WORDS = (
    *("", " ", "a", "b", "ab", "a\n\nb", "\n\n", '"', '","', "[]", "],[", "\\", "\\n", "null", "0"),
    *("user", "system", "text", "\ufffc", "é", "e\u0301", "\x00", "What is it?", "What is it", "日本"),
)
_NAMES = ("a", "b", "c", "a+b", "b+c", "a+b+c", '["a","b"]', "group", "tenant", "")
_ROLES: tuple[Role, ...] = ("system", "developer", "user", "assistant", "tool")


class Request(msgspec.Struct, frozen=True):
    """A request with what surrounds it."""

    ask: Ask
    tenant: Tenant
    embedder: str = "minilm"
    realm: str = ""
    shared: tuple[tuple[str, ...], ...] = ()

    def fingerprint(self) -> Fingerprint:
        return fingerprint(self.ask, tenant=self.tenant, canon=self.canon())

    def canon(self) -> Canon:
        return canon(ScopePolicy(shared=self.shared), embedder=self.embedder, realm=self.realm)

    def words(self) -> tuple[str, ...]:
        """The only part that closeness may bridge: the words of a last user turn."""
        last = self._last()
        return () if last is None else tuple(part.text for part in last.parts if isinstance(part, Text))

    def scope_key(self) -> Hashable:
        """What must be equal, by plain equality of values: no hash, no encoding, no shared code."""
        last = self._last()
        rest = None if last is None else tuple(None if isinstance(p, Text) else p for p in last.parts)
        group = next((frozenset(group) for group in self.shared if self.tenant in group), None)
        ask = self.ask
        return (
            (self.embedder, self.realm),
            self.tenant if group is None else group,
            (ask.turns if last is None else ask.turns[:-1], rest, last and last.name, last and last.extra),
            (ask.model, ask.sampling, ask.tools, ask.tool_choice, ask.parallel_tool_calls),
            (ask.response_format, ask.extra),
        )

    def _last(self) -> Turn | None:
        turns = self.ask.turns
        return turns[-1] if turns and turns[-1].role == "user" else None


Change = Callable[[Random, Request], Request]


def word(rng: Random) -> str:
    return rng.choice(_WORDS)


def json(rng: Random) -> Json:
    """A JSON object of up to two fields, in any order."""
    names = rng.sample(("x", "y", ""), rng.randint(0, 2))
    return canonical_json({name: rng.choice((1, 1.5, True, None, word(rng), [word(rng)])) for name in names})


def part(rng: Random) -> Part:
    made: tuple[Callable[[], Part], ...] = (
        lambda: Text(word(rng)),
        lambda: Text(word(rng)),
        lambda: Image(word(rng), rng.choice((None, "low"))),
        lambda: Thinking(word(rng), rng.choice((None, "s"))),
        lambda: Refusal(word(rng)),
        lambda: ToolCall(word(rng), word(rng), word(rng)),
        lambda: ToolResult(word(rng), (Text(word(rng)),), is_error=rng.random() < 0.5),
        lambda: Opaque(json(rng)),
    )
    return rng.choice(made)()


def turn(rng: Random) -> Turn:
    parts = tuple(part(rng) for _ in range(rng.randint(0, 3)))
    return Turn(rng.choice(_ROLES), parts, rng.choice((None, None, word(rng))), _maybe_json(rng))


def tool(rng: Random) -> Tool:
    return Tool(word(rng), rng.choice((None, word(rng))), _maybe_json(rng), _maybe_json(rng))


def request(rng: Random) -> Request:
    """A request; three in four end with a user's words."""
    turns = tuple(turn(rng) for _ in range(rng.randint(0, 3)))
    if rng.random() < 0.75:
        turns = (*turns, Turn("user", tuple(part(rng) for _ in range(rng.randint(1, 3)))))
    ask = Ask(
        model=rng.choice(("gpt-4o", "gpt-4o-mini")),
        turns=turns,
        sampling=_sampling(rng),
        tools=tuple(tool(rng) for _ in range(rng.choice((0, 0, 1, 2)))),
        tool_choice=_maybe_json(rng),
        parallel_tool_calls=rng.choice((None, True, False)),
        response_format=_maybe_json(rng),
        extra=_maybe_json(rng),
        stream=rng.random() < 0.5,
        include_usage=rng.random() < 0.5,
    )
    return Request(ask, Tenant(rng.choice(_NAMES)))


def _sampling(rng: Random) -> Sampling:
    if rng.random() < 0.5:
        return Sampling()
    return Sampling(temperature=rng.choice((None, 0.0, 1.0)), n=rng.choice((None, 1)), stop=_stop(rng))


def _stop(rng: Random) -> tuple[str, ...] | None:
    return None if rng.random() < 0.5 else tuple(word(rng) for _ in range(rng.randint(0, 2)))


def _maybe_json(rng: Random) -> Json | None:
    return json(rng) if rng.random() < 0.3 else None


def reworded(rng: Random, request: Request) -> Request:
    """The same request with other words in its last user turn, if it has any."""
    if not request.words():
        return request
    *earlier, last = request.ask.turns
    parts = tuple(Text(word(rng) + word(rng)) if isinstance(p, Text) else p for p in last.parts)
    return with_ask(request, turns=(*earlier, msgspec.structs.replace(last, parts=parts)))


def with_ask(request: Request, **changes: object) -> Request:
    return msgspec.structs.replace(request, ask=msgspec.structs.replace(request.ask, **changes))
