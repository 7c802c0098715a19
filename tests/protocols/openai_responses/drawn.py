"""Hypothesis strategies: requests and answers of the Responses API, as its clients and providers write them."""

from typing import Any

from hypothesis import strategies as st

from sparingly.core.chat import canonical_json
from tests.generators import Body, call_ids, json_objects, json_values, names, unknown_fields, words


def _object(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    """An object whose fields that are drawn as None are left out, sometimes with unknown ones."""

    def made(drawn: tuple[Body, Body]) -> Body:
        known, unknown = drawn
        return {name: value for name, value in known.items() if value is not None} | unknown

    return st.tuples(st.fixed_dictionaries(fields), unknown_fields).map(made)


def _sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


ids = names.map(lambda name: f"id_{name}")
_summaries = st.lists(st.builds(lambda text: {"type": "summary_text", "text": text}, words), max_size=2)
_thoughts = st.lists(st.builds(lambda text: {"type": "reasoning_text", "text": text}, words), max_size=2)
_citations = st.lists(json_objects.map(lambda fields: {"type": "url_citation", **fields}), max_size=1)
_logprobs = st.lists(
    st.builds(lambda token: {"token": token, "logprob": -0.5, "bytes": None, "top_logprobs": []}, names),
    max_size=2,
)

reasoning = _object(
    id=ids,
    type=st.just("reasoning"),
    summary=_summaries,
    content=_sometimes(_thoughts),
    encrypted_content=names,
)
function_calls = _object(
    id=ids,
    type=st.just("function_call"),
    call_id=call_ids,
    name=names,
    arguments=json_objects.map(canonical_json) | words,
    status=st.just("completed"),
)
_output_parts = (
    _object(type=st.just("output_text"), text=words, annotations=_citations, logprobs=_logprobs)
    | st.builds(lambda text: {"type": "refusal", "refusal": text}, words)
    | st.builds(lambda value: {"type": "x_new", "value": value}, json_values)
)
output_messages = _object(
    id=ids,
    type=st.just("message"),
    role=st.just("assistant"),
    status=st.just("completed"),
    phase=_sometimes(st.sampled_from(["commentary", "final_answer"])),
    content=st.lists(_output_parts, min_size=1, max_size=3),
)
other_calls = _object(
    id=ids, type=st.sampled_from(["web_search_call", "custom_tool_call", "mcp_call"]), payload=json_values
)
output_items = output_messages | reasoning | function_calls | other_calls

_counts = st.integers(0, 10**6)
_usages = st.builds(
    lambda asked, said, cached, hidden: {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": hidden},
        "total_tokens": asked + said,
    },
    _counts,
    _counts,
    _counts,
    _counts,
)

_ends: st.SearchStrategy[Body] = st.sampled_from(
    [
        {"status": "completed"},
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        {"status": "incomplete", "incomplete_details": {"reason": "x_new"}},
    ]
)

responses: st.SearchStrategy[Body] = st.builds(
    lambda body, end: body | end,
    _object(
        id=ids,
        object=st.just("response"),
        model=names,
        output=st.lists(output_items, min_size=1, max_size=4),
        usage=_sometimes(_usages),
        store=st.just(value=False),
        service_tier=_sometimes(names),
    ),
    _ends,
)
"""Answers that have ended; their provider does not hold them."""

_texts = _object(type=st.just("input_text"), text=words)
_images = _object(
    type=st.just("input_image"),
    image_url=st.sampled_from(["https://example.org/a.png", "data:image/png;base64,AAAA"]),
    detail=st.sampled_from(["auto", "low", "high"]),
)
_files = st.fixed_dictionaries({"type": st.just("input_file"), "file_id": ids})
_others = st.fixed_dictionaries({"type": st.just("input_image"), "file_id": ids, "detail": st.just("auto")})
_contents = words | st.lists(_texts | _images | _files | _others, min_size=1, max_size=3)

told_messages = _object(
    type=_sometimes(st.just("message")),
    role=st.sampled_from(["user", "system", "developer"]),
    content=_contents,
)
said_messages = st.builds(lambda text: {"role": "assistant", "content": text}, words) | output_messages
tool_outputs = _object(type=st.just("function_call_output"), call_id=call_ids, output=_contents)
other_outputs = _object(
    type=st.sampled_from(["custom_tool_call_output", "mcp_list_tools"]), id=ids, payload=json_values
)
input_items = (
    told_messages | said_messages | reasoning | function_calls | tool_outputs | other_outputs | other_calls
)

tools = _object(
    type=st.just("function"),
    name=names,
    description=_sometimes(words),
    parameters=_sometimes(json_objects),
    strict=_sometimes(st.booleans()),
) | _object(type=st.sampled_from(["web_search", "custom", "mcp"]), name=_sometimes(names))

_formats = (
    st.sampled_from([{"type": "text"}, {"type": "json_object"}])
    | json_objects.map(
        lambda schema: {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    )
    | st.just({"type": "grammar", "definition": "x"})
)
_choices = st.sampled_from(["auto", "none", "required", {"type": "web_search"}]) | names.map(
    lambda name: {"type": "function", "name": name}
)
_include = st.lists(
    st.sampled_from(["message.output_text.logprobs", "web_search_call.action.sources"]),
    max_size=2,
    unique=True,
)

requests: st.SearchStrategy[Body] = _object(
    model=st.sampled_from(["gpt-5.2", "gpt-4o-mini"]),
    input=words | st.lists(input_items, min_size=1, max_size=5),
    instructions=_sometimes(words),
    max_output_tokens=_sometimes(st.integers(1, 100_000)),
    temperature=_sometimes(st.floats(0, 2)),
    top_p=_sometimes(st.floats(0, 1)),
    top_logprobs=_sometimes(st.integers(0, 20)),
    tools=_sometimes(st.lists(tools, min_size=1, max_size=3)),
    tool_choice=_sometimes(_choices),
    parallel_tool_calls=_sometimes(st.booleans()),
    text=_sometimes(
        _object(format=_sometimes(_formats), verbosity=_sometimes(st.sampled_from(["low", "high"])))
    ),
    reasoning=_sometimes(_object(summary=_sometimes(st.just("auto")), mode=_sometimes(st.just("pro")))),
    include=_sometimes(_include),
    truncation=_sometimes(st.sampled_from(["auto", "disabled"])),
    store=st.just(value=False),
    stream=_sometimes(st.booleans()),
    metadata=_sometimes(st.dictionaries(names, words, max_size=2)),
    prompt_cache_key=_sometimes(words),
)
"""Requests that another provider could be asked, too, if only it had words for all of it."""
