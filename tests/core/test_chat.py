"""The canonical request."""

import pytest

from sparingly.core.chat import Ask, Image, Json, Part, Text, ToolResult, Turn, canonical_json


def _user(*parts: Part) -> Turn:
    return Turn("user", parts)


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ((_user(Text("first")), _user(Text("second"))), "second"),
        ((_user(Text("a"), Image("u"), Text("b")),), "a\n\nb"),
        ((_user(Text("asked")), Turn("tool", (ToolResult("1", (Text("42"),)),))), "asked"),
        ((_user(Text("asked")), _user(ToolResult("1", (Text("42"),)))), "asked"),
        ((_user(Text("asked")), _user(Text("  "))), "asked"),
        ((Turn("system", (Text("s"),)),), ""),
        ((), ""),
    ],
)
def test_what_a_request_is_about_is_what_its_user_said_last(turns: tuple[Turn, ...], text: str) -> None:
    """Tool results and empty turns are passed over."""
    assert Ask("m", turns).last_user_text == text


def test_equal_values_have_equal_canonical_json() -> None:
    """The order of keys and the spaces of the source do not matter."""
    assert canonical_json({"b": [1, {"d": 2, "c": 3}], "a": None}) == canonical_json(
        {"a": None, "b": [1, {"c": 3, "d": 2}]}
    )
    assert canonical_json({"b": 1, "a": "é"}) == Json('{"a":"é","b":1}')
