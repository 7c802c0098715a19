"""Cheap facts about a request."""

import pytest

from sparingly.core.chat import (
    Ask,
    Image,
    Opaque,
    Part,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.core.features import Features, as_numbers, features_of, text_features


def _user(*parts: Part) -> Turn:
    return Turn("user", parts)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("from 3.5 to 1,000", "numbers", 2),
        ("It must be short, without jokes.", "demand_words", 2),
        ("def f(x):\n    return x", "code", True),
        ("```\nls\n```", "code", True),
        ("if (a) {\n", "code", True),
        ("my class is late", "code", False),
        ("one two  three", "text_words", 3),
        ("a\nb", "text_lines", 2),
        ("", "text_lines", 0),
    ],
)
def test_a_text_has_countable_features(text: str, field: str, value: object) -> None:
    """Each case changes one field."""
    assert getattr(text_features(text), field) == value


def test_a_request_counts_what_it_carries() -> None:
    """Pictures and files are counted, words everywhere are weighed."""
    ask = Ask(
        "m",
        (
            Turn("system", (Text("s" * 100),)),
            _user(Text("look"), Image("data:image/png;base64," + "A" * 5_000), Opaque(canonical_json({}))),
            Turn("assistant", (ToolCall("1", "f", "{}" * 50),)),
            Turn("tool", (ToolResult("1", (Text("r" * 196),)),)),
        ),
        sampling=Sampling(max_tokens=50),
        tools=(Tool("f", "d" * 20, canonical_json({})),),
        response_format=canonical_json({"type": "json_object"}),
    )

    features = features_of(ask, "look")

    assert features == Features(
        turns=4,
        tools=1,
        tool_results=1,
        images=1,
        files=1,
        estimated_tokens=(100 + 4 + 100 + 196 + 20 + 2) // 4,
        text_chars=4,
        text_words=1,
        text_lines=1,
        ask_words=1,
        wants_format=True,
        max_tokens=50,
        user_turns=1,
        answers=1,
    )


def test_patterns_read_only_the_head_of_a_long_text() -> None:
    """A pasted log of a megabyte must not be searched; its length is known all the same."""
    features = text_features("x" * 1_000_000 + " 42")

    assert (features.numbers, features.text_chars) == (0, 1_000_003)


def test_the_ledger_gets_the_features_that_are_there() -> None:
    """Zeros and False are left out, True is 1."""
    numbers = as_numbers(Features(turns=2, code=True))

    assert numbers == {"turns": 2.0, "code": 1.0}


@pytest.mark.parametrize(
    ("extra", "thinks"),
    [
        (None, False),
        ({"top_k": 5}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 4_000}}, True),
        ({"thinking": {"type": "adaptive"}}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": None}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "xhigh"}, True),
        ({"reasoning_effort": "low"}, False),
        ({"reasoning": {"effort": "high"}}, True),
        ({"reasoning": {"effort": "minimal"}}, False),
        ({"prompt": "thinking"}, False),
    ],
)
def test_thinking_is_asked_for_in_fields_of_each_house(
    extra: dict[str, object] | None, *, thinks: bool
) -> None:
    """In whatever words its clients have."""
    ask = Ask("m", (_user(Text("Hi")),), extra=canonical_json(extra) if extra is not None else None)

    assert features_of(ask, "Hi").thinking == thinks


@pytest.mark.parametrize(
    ("tools", "extra", "searches"),
    [
        ((), None, False),
        ((Tool("web_search"),), None, False),
        ((Tool("web_search", extra=canonical_json({"type": "web_search_20250305"})),), None, True),
        ((Tool("", extra=canonical_json({"type": "web_search_preview"})),), None, True),
        ((Tool("", extra=canonical_json({"anthropic": {"type": "web_search_20250305"}})),), None, True),
        ((Tool("", extra=canonical_json({"openai-responses": {"type": "web_search"}})),), None, True),
        ((Tool("f", extra=canonical_json({"function": {"strict": True}})),), None, False),
        ((Tool("edit", extra=canonical_json({"type": "text_editor_20250728"})),), None, False),
        ((), {"web_search_options": {}}, True),
    ],
)
def test_searching_is_told_by_type_and_not_by_name(
    tools: tuple[Tool, ...], extra: dict[str, object] | None, *, searches: bool
) -> None:
    """A function of that name is the caller's own."""
    ask = Ask(
        "m",
        (_user(Text("Hi")),),
        tools=tools,
        extra=canonical_json(extra) if extra is not None else None,
    )

    assert features_of(ask, "Hi").web_search == searches


def test_tools_that_an_item_offers_are_tools() -> None:
    """Codex says there what it can do; a request with them is no work beside the work."""
    item = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "custom"}, {"type": "namespace"}],
    }
    offered = Opaque(canonical_json({"openai-responses": item}))
    other = Opaque(canonical_json({"openai-responses": {"type": "compaction", "text": "additional_tools"}}))

    assert features_of(Ask("m", (_user(offered, other), _user(Text("Hi")))), "Hi").tools == 2
