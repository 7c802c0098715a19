"""Entries as lines: what is written is read back, and nothing else is."""

import json

import msgspec
import pytest

from sparingly.core.chat import Text, ToolCall
from sparingly.core.keeping.cache_lines import MOST_LINE_BYTES, line_of, read_line
from tests.asks import NOW, answer, entry


def test_a_line_is_read_back_as_it_was_written() -> None:
    """Every field, line breaks in texts included; one entry is one line."""
    whole = msgspec.structs.replace(
        entry(
            said=answer(Text('a\nb "\u2192'), ToolCall("c", "f", '{"x":\n1}')),
            tags=("faq",),
            hits=3,
            cost_nano=7,
        ),
        text="first\nsecond",
        confirmed=2,
        denied=1,
    )

    line = line_of(whole)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert read_line(line) == whole


def _changed(**changes: object) -> bytes:
    """A good line with other values in its entry."""
    fields = json.loads(line_of(entry(worth=NOW)))
    fields["entry"] |= changes
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not an exported entry"),
        (b"{", "not an exported entry"),
        (b"[]", "not an exported entry"),
        (b'{"version": 1}', "entry"),
        (b"\xff\xfe", "not an exported entry"),
        (line_of(entry()).replace(b'"version":1', b'"version":2'), "version 2 is not known"),
        (line_of(entry()).replace(b'"version":1', b'"extra":0,"version":1'), "extra"),
        (_changed(digest="../../etc/passwd"), "32 hexadecimal"),
        (_changed(scope="S" * 32), "32 hexadecimal"),
        (_changed(digest="0" * 31), "32 hexadecimal"),
        (_changed(created_at="yesterday"), "created_at"),
        (_changed(created_at=-1), "from 0 to 1e11"),
        (_changed(expires_at=1e300), "from 0 to 1e11"),
        (_changed(worth=1e12), "from 0 to 1e11"),
        (_changed(hits=-1), "negative"),
        (_changed(denied=-1), "negative"),
        (_changed(text=5), "text"),
        (_changed(tags="faq"), "tags"),
        (_changed(answer={"model": "m", "choices": []}), "the answer is empty"),
        (b" " * (MOST_LINE_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_line_of_ours_is_refused_with_its_reason(line: bytes, reason: str) -> None:
    """An import must not be a way around what admission checks of types."""
    with pytest.raises(ValueError, match=reason) as caught:
        read_line(line)

    assert "\n" not in str(caught.value)
