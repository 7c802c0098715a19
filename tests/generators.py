"""Hypothesis strategies: Chat Completions bodies, answers, and bytes cut anywhere.

`openai_bodies` draws valid requests of great variety: every role, content as
text and as parts, tools and their calls, pictures, sampling fields, unknown
fields at every level.  `answers` draws complete canonical answers.
"""

import string
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall, canonical_json

Body = dict[str, Any]
T = TypeVar("T")

words = st.text(max_size=30)
"""Any text: empty, with line ends, quotes, emoji, control characters."""

names = st.text(string.ascii_lowercase + "_-", min_size=1, max_size=12)
call_ids = names.map(lambda name: f"call_{name}")

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
json_objects: st.SearchStrategy[Body] = st.dictionaries(words, json_values, max_size=3)

# No field of any table starts so: unknown to every dialect, now and later.
unknown_fields: st.SearchStrategy[Body] = st.dictionaries(
    names.map(lambda name: f"x_{name}"), json_values, max_size=2
)


def _sometimes(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """A value, or None for a field that is left out."""
    return st.none() | strategy


def _object(fields: dict[str, st.SearchStrategy[Any]], *, unknown: bool = True) -> st.SearchStrategy[Body]:
    """An object with the fields that are not drawn as None, in any order, and sometimes unknown ones."""

    def without_nones(drawn: tuple[Body, Body, Callable[[list[str]], None]]) -> Body:
        known, extra, shuffle = drawn
        body = extra | {name: value for name, value in known.items() if value is not None}
        order = list(body)
        shuffle(order)
        return {name: body[name] for name in order}

    extras = unknown_fields if unknown else st.just({})
    shuffles = st.randoms(use_true_random=False).map(lambda rng: rng.shuffle)
    return st.tuples(st.fixed_dictionaries(fields), extras, shuffles).map(without_nones)


text_parts = _object({"type": st.just("text"), "text": words})
image_parts = _object(
    {
        "type": st.just("image_url"),
        "image_url": _object(
            {
                "url": st.sampled_from(["https://example.org/a.png", "data:image/png;base64,AAAA"]),
                "detail": _sometimes(st.sampled_from(["auto", "low", "high"])),
            }
        ),
    }
)
other_parts = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_audio", "file", "x_new"]), "payload": json_values}
)
contents = words | st.lists(text_parts, max_size=3)
user_contents = words | st.lists(text_parts | image_parts | other_parts, max_size=3)

tool_calls = _object(
    {
        "id": call_ids,
        "type": st.just("function"),
        "function": _object({"name": names, "arguments": json_objects.map(canonical_json) | words}),
    }
)
custom_calls = st.fixed_dictionaries(
    {
        "id": call_ids,
        "type": st.just("custom"),
        "custom": st.fixed_dictionaries({"name": names, "input": words}),
    }
)

system_messages = _object(
    {"role": st.sampled_from(["system", "developer"]), "content": contents, "name": _sometimes(names)}
)
user_messages = _object({"role": st.just("user"), "content": user_contents, "name": _sometimes(names)})
assistant_messages = _object(
    {
        "role": st.just("assistant"),
        "content": contents
        | st.lists(text_parts | _object({"type": st.just("refusal"), "refusal": words}), max_size=2),
        "reasoning_content": _sometimes(words),
        "refusal": _sometimes(words),
        "tool_calls": _sometimes(st.lists(tool_calls | custom_calls, min_size=1, max_size=3)),
        "name": _sometimes(names),
    }
)
tool_messages = _object({"role": st.just("tool"), "tool_call_id": call_ids, "content": contents})
function_messages = _object({"role": st.just("function"), "name": names, "content": contents})
messages = user_messages | assistant_messages | tool_messages | function_messages | system_messages

tools = _object(
    {
        "type": st.just("function"),
        "function": _object(
            {
                "name": names,
                "description": _sometimes(words),
                "parameters": _sometimes(json_objects),
                "strict": _sometimes(st.booleans()),
            }
        ),
    }
) | st.fixed_dictionaries(
    {"type": st.just("custom"), "custom": st.fixed_dictionaries({"name": names, "description": words})}
)

tool_choices = st.sampled_from(["auto", "none", "required"]) | names.map(
    lambda name: {"type": "function", "function": {"name": name}}
)
response_formats = st.sampled_from([{"type": "text"}, {"type": "json_object"}]) | json_objects.map(
    lambda schema: {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }
)


def openai_bodies() -> st.SearchStrategy[Body]:
    """Valid Chat Completions requests; the last message is most often a user's."""
    conversations = st.tuples(st.lists(messages, max_size=4), st.lists(user_messages, min_size=1, max_size=1))
    return _object(
        {
            "model": st.sampled_from(["gpt-4o-mini", "gpt-5.4", "claude-sonnet-4-6", "auto"]),
            "messages": conversations.map(lambda pair: pair[0] + pair[1])
            | st.lists(messages, min_size=1, max_size=4),
            "temperature": _sometimes(st.floats(0, 2) | st.integers(0, 2)),
            "top_p": _sometimes(st.floats(0, 1)),
            "n": _sometimes(st.integers(1, 4)),
            "seed": _sometimes(st.integers(-(2**63), 2**63 - 1)),
            "stop": _sometimes(words | st.lists(words, min_size=1, max_size=4)),
            "logprobs": _sometimes(st.booleans()),
            "top_logprobs": _sometimes(st.integers(0, 20)),
            "max_tokens": _sometimes(st.integers(1, 100_000)),
            "max_completion_tokens": _sometimes(st.integers(1, 100_000)),
            "presence_penalty": _sometimes(st.floats(-2, 2)),
            "frequency_penalty": _sometimes(st.floats(-2, 2)),
            "tools": _sometimes(st.lists(tools, min_size=1, max_size=3)),
            "tool_choice": _sometimes(tool_choices),
            "parallel_tool_calls": _sometimes(st.booleans()),
            "response_format": _sometimes(response_formats),
            "reasoning_effort": _sometimes(
                st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh"])
            ),
            "logit_bias": _sometimes(
                st.dictionaries(st.integers(0, 9999).map(str), st.integers(-100, 100), max_size=2)
            ),
            "stream": _sometimes(st.booleans()),
            "stream_options": _sometimes(st.fixed_dictionaries({"include_usage": st.booleans()})),
            "user": _sometimes(words),
            "metadata": _sometimes(st.dictionaries(names, words, max_size=2)),
        }
    )


_canonical_objects: st.SearchStrategy[Json] = json_objects.map(canonical_json)
_unknown: st.SearchStrategy[Json] = unknown_fields.map(canonical_json)

blocks: st.SearchStrategy[Block] = (
    words.map(Text)
    | st.builds(Thinking, words, _sometimes(words))
    | words.map(Refusal)
    | st.builds(ToolCall, call_ids, names, words | _canonical_objects)
    | _canonical_objects.map(Opaque)
)

usages: st.SearchStrategy[Usage] = st.builds(
    Usage,
    input_tokens=st.integers(0, 10**6),
    output_tokens=st.integers(0, 10**6),
    cached_input_tokens=st.integers(0, 100),
    cache_write_tokens=st.integers(0, 100),
    reasoning_tokens=st.integers(0, 100),
    estimated=st.booleans(),
)


def choices(index: int) -> st.SearchStrategy[Choice]:
    """Finished choices at a place."""
    return st.builds(
        Choice,
        index=st.just(index),
        blocks=st.lists(blocks, max_size=5).map(tuple),
        finish=st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
        logprobs=_sometimes(_canonical_objects),
        extra=_sometimes(_unknown),
        message_extra=_sometimes(_unknown),
    )


def answers() -> st.SearchStrategy[Answer]:
    """Complete answers with one to three choices."""
    return st.builds(
        Answer,
        model=names,
        choices=st.integers(1, 3).flatmap(lambda n: st.tuples(*[choices(index) for index in range(n)])),
        usage=_sometimes(usages),
        extra=_sometimes(_unknown),
    )


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The bytes in pieces, cut anywhere; some pieces may be empty."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
