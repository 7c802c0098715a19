"""Tests of `sparingly.protocols.failed_results`."""

import pytest

from sparingly.core.chat import Image, Part, Text, ToolResult
from sparingly.protocols.failed_results import told_parts

PICTURE = Image("https://a/b.png")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((Text("no such file"),), (Text("[tool error] no such file"),)),
        ((Text("a"), Text("b")), (Text("[tool error] a"), Text("b"))),
        ((Text(""),), (Text("[tool error]"),)),
        ((), (Text("[tool error]"),)),
        ((PICTURE, Text("a")), (Text("[tool error]"), PICTURE, Text("a"))),
    ],
)
def test_a_failure_is_said_first(parts: tuple[Part, ...], told: tuple[Part, ...]) -> None:
    """Where the model reads it, whatever the result holds."""
    assert told_parts(ToolResult("c", parts, is_error=True)) == told


def test_a_result_stays_as_it_is() -> None:
    """Only a failure has a notice."""
    assert told_parts(ToolResult("c", (Text("42"),))) == (Text("42"),)
