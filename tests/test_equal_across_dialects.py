"""From the bytes of a request in any dialect to its fingerprint: one for one meaning, another for another."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from sparingly.core.fingerprint import Fingerprint
from sparingly.errors import InvalidRequest
from sparingly.protocols.dialects import INBOUND
from tests.asks import mark
from tests.rich_bodies import CHAT, MESSAGES, PLAIN, RESPONSES

Path = tuple[str | int, ...]

BODIES: dict[str, dict[str, Any]] = {"openai": CHAT, "openai-responses": RESPONSES, "anthropic": MESSAGES}

# The places that may change and leave the question as it was: ids and states that differ each time, who asks,
# what it costs, how it is billed, what is the same with and without its type, and what is in a part of reasoning
# beside its words.
NO_MATTER = {
    "openai": {"messages.3.tool_calls.0.type", "user", "service_tier", "prompt_cache_key"},
    "openai-responses": {
        "input.0.type",
        "input.2.summary.0",
        "input.2.summary.0.type",
        "input.2.content.0",
        "input.2.content.0.type",
        "input.3.type",
        "input.3.id",
        "input.3.status",
        "input.3.content.0.logprobs",
        "input.4.id",
        "input.4.status",
        "include",
        "store",
        "prompt_cache_key",
        "metadata",
        "metadata.a",
    },
    "anthropic": {
        "system.0.cache_control",
        "system.0.cache_control.type",
        "metadata",
        "metadata.user_id",
        "service_tier",
        "speed",
    },
}


def marked(dialect: str, body: dict[str, Any]) -> Fingerprint:
    return mark(INBOUND[dialect].read(json.dumps(body).encode()))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a body."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from places(item, (*path, name))


def other(value: Any) -> Any:
    """A value of the same kind."""
    match value:
        case str():
            return f"{value}Z"
        case bool():
            return not value
        case int() | float():
            return value / 2 if isinstance(value, float) else value + 1
        case dict():
            return {**value, "unheard_of": 1}
        case _:
            return value[::-1] if len(value) > 1 else value * 2


def changed(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body with one place left out, and with another value there; names of places are joined by dots."""
    for path in places(body):
        for is_left_out in (True, False):
            copy = deepcopy(body)
            holder: Any = copy
            for step in path[:-1]:
                holder = holder[step]
            if is_left_out:
                del holder[path[-1]]
            else:
                holder[path[-1]] = other(holder[path[-1]])
            yield ".".join(map(str, path)), copy


@pytest.mark.parametrize("dialect", sorted(BODIES))
def test_whatever_is_changed_makes_another_request(dialect: str) -> None:
    """At every depth, fields that nobody knows among it; but for what cannot change the answer."""
    body = BODIES[dialect]
    before = marked(dialect, body)
    same = set()
    for place, copy in changed(body):
        try:
            if marked(dialect, copy).digest == before.digest:
                same.add(place)
        except InvalidRequest:
            continue

    assert same == NO_MATTER[dialect]


@pytest.mark.parametrize(("one", "two"), [("openai", "openai-responses"), ("openai", "anthropic")])
def test_what_is_equal_after_a_change_was_changed_in_the_same_way(one: str, two: str) -> None:
    """Equal requests of two dialects, and every single change of each: those that meet say the same again."""
    bodies = PLAIN[f"{one} and {two}"]
    marks = [
        {marked(dialect, copy).digest: place for place, copy in _readable(dialect, body)}
        for dialect, body in zip((one, two), bodies, strict=True)
    ]

    assert marked(one, bodies[0]) == marked(two, bodies[1])
    met = {(marks[0][digest], marks[1][digest]) for digest in marks[0].keys() & marks[1].keys()}
    ends = {(first.rpartition(".")[2], second.rpartition(".")[2]) for first, second in met}
    assert {pair for pair in ends if pair[0] != pair[1] and not pair[0].isdigit()} <= _NAMES
    assert len(met) > 30


# One thing under its two names: the last steps to it.
_NAMES = {
    ("arguments", "input"),
    ("content", "output"),
    ("content", "text"),
    ("content", "instructions"),
    ("content", "system"),
    ("content", "0"),
    ("content", "1"),
    ("json_schema", "format"),
    ("max_completion_tokens", "max_output_tokens"),
    ("parallel_tool_calls", "disable_parallel_tool_use"),
    ("parameters", "input_schema"),
    ("reasoning_effort", "effort"),
    ("reasoning_effort", "reasoning"),
    ("response_format", "format"),
    ("response_format", "text"),
    ("tool_call_id", "call_id"),
    ("tool_call_id", "tool_use_id"),
    ("tool_calls", "0"),
    ("tool_calls", "1"),
    ("tool_calls", "2"),
    ("url", "image_url"),
    ("id", "call_id"),
}


def _readable(dialect: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, copy in changed(body):
        try:
            INBOUND[dialect].read(json.dumps(copy).encode())
        except InvalidRequest:
            continue
        yield place, copy


HELLO = {"role": "user", "content": "Hi"}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("chat", "dialect", "theirs"),
    [
        ({"anthropic": {"container": "c"}}, "anthropic", {"container": "c"}),
        (
            {"openai-responses": {"truncation": "auto"}, "max_tokens": None, "max_completion_tokens": 5},
            "openai-responses",
            {"truncation": "auto"},
        ),
        (
            {"messages": [HELLO | {"anthropic": {"unheard_of": 1}}]},
            "anthropic",
            {"messages": [HELLO | {"unheard_of": 1}]},
        ),
        (
            {"tools": [FUNCTION | {"anthropic": {"defer_loading": True}}]},
            "anthropic",
            {"tools": [TOOL | {"defer_loading": True}]},
        ),
        ({"max_tokens_field": "max_completion_tokens"}, "openai-responses", {}),
    ],
)
def test_nobody_says_what_another_dialects_reader_says(
    chat: dict[str, Any], dialect: str, theirs: dict[str, Any]
) -> None:
    """A field of a client's own may have the name under which that reader keeps what is its own."""
    limit = "max_output_tokens" if dialect == "openai-responses" else "max_tokens"
    asked = {"input": [HELLO]} if dialect == "openai-responses" else {"messages": [HELLO]}

    ours = marked("openai", {"model": "m", "messages": [HELLO], "max_tokens": 5} | chat)

    assert ours.scope != marked(dialect, {"model": "m", limit: 5} | asked | theirs).scope


def test_strict_or_not_is_told_apart_where_it_is_left_out() -> None:
    """Chat Completions is then lenient, Responses strict where it can be."""
    schema = {"type": "object"}
    function = {"name": "f", "parameters": schema}
    chat = {"model": "m", "messages": [HELLO]}
    responses = {"model": "m", "input": [HELLO]}

    def chats(**more: object) -> Fingerprint:
        return marked("openai", chat | {"tools": [{"type": "function", "function": function | more}]})

    def theirs(**more: object) -> Fingerprint:
        return marked("openai-responses", responses | {"tools": [{"type": "function", **function, **more}]})

    assert chats() == chats(strict=None) == theirs(strict=False)
    assert chats(strict=True) == theirs(strict=True)
    assert len({theirs(strict=None).scope, chats().scope, chats(strict=True).scope}) == 3
