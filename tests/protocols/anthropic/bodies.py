"""Hypothesis strategies: Messages API requests of great variety, and answers that this dialect can tell whole."""

import msgspec
from hypothesis import strategies as st

from sparingly.core.answer import Answer, Block, Choice, Usage
from sparingly.core.chat import Opaque, Text, Thinking, ToolCall, canonical_json
from tests.generators import Body, json_objects, names, unknown_fields, words

_said = words.filter(bool)
_cached: st.SearchStrategy[Body] = st.just({"cache_control": {"type": "ephemeral"}}) | st.just({})


def _block(fields: dict[str, st.SearchStrategy[object]], *, cached: bool = True) -> st.SearchStrategy[Body]:
    return st.tuples(st.fixed_dictionaries(fields), _cached if cached else st.just({}), unknown_fields).map(
        lambda drawn: drawn[2] | drawn[0] | drawn[1]
    )


texts = _block({"type": st.just("text"), "text": _said})
images = _block(
    {
        "type": st.just("image"),
        "source": st.sampled_from(
            [
                {"type": "url", "url": "https://example.org/a.png"},
                {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                {"type": "file", "file_id": "file_1"},
            ]
        ),
    }
)
others = _block({"type": st.sampled_from(["document", "search_result", "x_new"]), "x_payload": json_objects})
thinkings = _block(
    {"type": st.just("thinking"), "thinking": words, "signature": names}, cached=False
) | st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": names})
calls = _block({"type": st.just("tool_use"), "id": names, "name": names, "input": json_objects})
results = _block(
    {
        "type": st.just("tool_result"),
        "tool_use_id": names,
        "content": words | st.lists(texts | images | others, max_size=2),
        "is_error": st.booleans(),
    }
)

# A result comes before the words that follow it; two messages of one role would be one to this API.
user_messages = st.fixed_dictionaries(
    {
        "role": st.just("user"),
        "content": _said
        | st.tuples(
            st.lists(results, max_size=2), st.lists(texts | images | others, min_size=1, max_size=3)
        ).map(lambda pair: pair[0] + pair[1]),
    }
)
assistant_messages = st.fixed_dictionaries(
    {
        "role": st.just("assistant"),
        "content": _said | st.lists(thinkings | texts | calls, min_size=1, max_size=4),
    }
)
# This API wants to be told that arguments are an object.
schemas = json_objects.map(lambda schema: {"type": "object", **schema})
tools = _block({"name": names, "input_schema": schemas, "strict": st.booleans(), "description": words}) | (
    st.fixed_dictionaries({"type": st.just("bash_20250124"), "name": st.just("bash")})
)


@st.composite
def messages_bodies(draw: st.DrawFn) -> Body:
    """Valid requests whose users and assistants take turns."""
    body: Body = {"model": draw(names), "max_tokens": draw(st.integers(0, 10_000))}
    conversation: list[Body] = []
    for _ in range(draw(st.integers(0, 2))):
        conversation += [draw(user_messages), draw(assistant_messages)]
    body["messages"] = [*conversation, draw(user_messages)]
    optional: dict[str, st.SearchStrategy[object]] = {
        "system": _said | st.lists(texts, min_size=1, max_size=2),
        "tools": st.lists(tools, min_size=1, max_size=3),
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(0, 100),
        "stop_sequences": st.lists(words, min_size=1, max_size=3),
        "thinking": st.sampled_from([{"type": "disabled"}, {"type": "enabled", "budget_tokens": 1024}]),
        "output_config": st.sampled_from(
            [{"effort": "low"}, {"format": {"type": "json_schema", "schema": {"type": "object"}}}, {"x_a": 1}]
        ),
        "stream": st.booleans(),
        "metadata": st.just({"user_id": "u"}),
        "x_new": json_objects,
    }
    for name, strategy in optional.items():
        if draw(st.booleans()):
            body[name] = draw(strategy)
    if "tools" in body and draw(st.booleans()):
        kinds = [{"type": "any"}, {"type": "auto", "disable_parallel_tool_use": True}, {"type": "x_new"}]
        body["tool_choice"] = draw(st.sampled_from(kinds))
    return body


blocks: st.SearchStrategy[Block] = (
    words.map(Text)
    | st.builds(Thinking, words, names)
    | st.builds(ToolCall, names, names, json_objects.map(lambda value: msgspec.json.encode(value).decode()))
    | names.map(
        lambda data: Opaque(canonical_json({"anthropic": {"type": "redacted_thinking", "data": data}}))
    )
    | json_objects.map(
        lambda given: Opaque(
            canonical_json(
                {"anthropic": {"type": "server_tool_use", "id": "s", "name": "web_search", "input": given}}
            )
        )
    )
)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Complete answers of one draft that lose nothing in this dialect."""
    read, written = draw(st.integers(0, 100)), draw(st.integers(0, 100))
    usage = Usage(
        input_tokens=read + written + draw(st.integers(0, 1000)),
        output_tokens=draw(st.integers(0, 1000)),
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=draw(st.integers(0, 9)),
        estimated=draw(st.booleans()),
    )
    said = tuple(draw(st.lists(blocks, max_size=6)))
    # An answer that calls a tool ends for it.
    end = "tool_calls" if any(isinstance(block, ToolCall) for block in said) else "stop"
    choice = Choice(0, said, draw(st.sampled_from([end, "length"])))
    return Answer(draw(names), (choice,), usage)
