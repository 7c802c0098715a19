"""Tests of `sparingly.protocols.sse`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.protocols.sse import Event, SseParser, write_event
from tests.generators import cuts

_STREAM = (
    b'\xef\xbb\xbf: a comment\n\ndata: {"a":1}\n\nevent: ping\ndata: {}\n\n\n\ndata: one\r\ndata: two\r\n\r\n'
    b"id: 7\nretry: 10\ndata:no space\rdata:  two spaces\r\revent: named\ndata\n\ndata: [DONE]\r\n\r\n"
)
_EVENTS = [
    Event(b'{"a":1}'),
    Event(b"{}", "ping"),
    Event(b"one\ntwo"),
    Event(b"no space\n two spaces"),
    Event(b"", "named"),
    Event(b"[DONE]"),
]


def test_every_form_the_standard_allows_is_read() -> None:
    """Byte order mark, comments, three line ends, several data lines, names, fields read over."""
    assert SseParser().feed(_STREAM) == _EVENTS


@settings(deadline=None)
@given(st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(data: st.DataObject) -> None:
    """The law: events are those of the whole stream, wherever the network cut it."""
    parser = SseParser()

    events = [event for piece in data.draw(cuts(_STREAM)) for event in parser.feed(piece)]

    assert events == _EVENTS


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    """The worst cut of all."""
    parser = SseParser()

    events = [event for place in range(len(_STREAM)) for event in parser.feed(_STREAM[place : place + 1])]

    assert events == _EVENTS


def test_an_event_without_its_empty_line_is_not_one() -> None:
    """A cut stream must not give an event that may be half of one."""
    parser = SseParser()

    assert parser.feed(b'data: {"a":1}\n\ndata: {"b"') == [Event(b'{"a":1}')]
    assert parser.feed(b":2}\n") == []


def test_an_event_is_told_as_soon_as_its_empty_line_is_there() -> None:
    """A lone CR ends a line at once, though an LF may follow."""
    parser = SseParser()

    assert parser.feed(b"data: a\r\n\r") == [Event(b"a")]
    assert parser.feed(b"\ndata: b\n\n") == [Event(b"b")]


def test_a_mark_later_in_the_stream_is_text() -> None:
    """Only the very start may carry a byte order mark."""
    assert SseParser().feed(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == [Event(b"a")]


@given(st.text(st.characters(exclude_characters="\r", codec="utf-8")), st.sampled_from(["", "ping"]))
def test_what_is_written_is_read_again(text: str, name: str) -> None:
    """Data of several lines survives, and so does empty data."""
    event = Event(text.encode(), name)

    assert SseParser().feed(write_event(event.data, name=event.name)) == [event]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event(b"{}"), b"data: {}\n\n"),
        (Event(b"{}", "error"), b"event: error\ndata: {}\n\n"),
        (Event(b"a\nb"), b"data: a\ndata: b\n\n"),
    ],
)
def test_events_are_written_as_providers_write_them(event: Event, expected: bytes) -> None:
    """The exact bytes, since clients' parsers differ in what they forgive."""
    assert write_event(event.data, name=event.name) == expected
