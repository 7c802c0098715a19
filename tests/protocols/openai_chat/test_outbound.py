"""Tests of `sparingly.protocols.openai_chat.outbound`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.chat import Ask, Text, Turn
from sparingly.errors import InvalidRequest
from sparingly.protocols.dialect import Outbound
from sparingly.protocols.openai_chat.outbound import OpenAIChatOutbound, UsageStripper
from tests.generators import cuts
from tests.protocols.openai_chat.golden import STREAM, WHOLE

_OUTBOUND: Outbound = OpenAIChatOutbound()


def test_only_the_model_is_patched() -> None:
    """Nested bytes, order and unknown fields are the client's."""
    raw = b'{"x_new": [1.0, {"b":1,"a":2}], "model": "asked", "messages": [ ]}'

    assert (
        _OUTBOUND.patch(raw, model="served")
        == b'{"x_new":[1.0, {"b":1,"a":2}],"model":"served","messages":[ ]}'
    )
    assert _OUTBOUND.patch(raw, model="asked") is raw


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stream": True}, {"include_usage": True}),
        ({"stream": True, "stream_options": None}, {"include_usage": True}),
        ({"stream": True, "stream_options": {"include_usage": False}}, {"include_usage": True}),
        (
            {"stream": True, "stream_options": {"include_obfuscation": False}},
            {"include_obfuscation": False, "include_usage": True},
        ),
        ({"stream": False}, None),
        ({}, None),
    ],
)
def test_usage_is_asked_for_on_streams_only(fields: dict[str, object], expected: object) -> None:
    """Other options stay; a request that is not streamed must not have any."""
    raw = json.dumps({"model": "m"} | fields).encode()

    patched = json.loads(_OUTBOUND.patch(raw, model="m", inject_usage=True))

    assert patched.get("stream_options") == expected


def test_a_client_that_asked_for_usage_gets_its_own_bytes() -> None:
    """Nothing to inject."""
    raw = b'{"model":"m","stream":true,"stream_options":{"include_usage":true}}'

    assert _OUTBOUND.patch(raw, model="m", inject_usage=True) is raw


def test_options_that_are_no_object_are_the_clients_fault() -> None:
    """Patching is no place to crash."""
    with pytest.raises(InvalidRequest):
        _OUTBOUND.patch(b'{"model":"m","stream":true,"stream_options":3}', model="m", inject_usage=True)


def test_the_dialect_reads_and_writes() -> None:
    """The parts of the dialect in one place."""
    ask = Ask("asked", (Turn("user", (Text("hi"),)),))
    reader = _OUTBOUND.reader()
    reader.feed(STREAM)

    assert json.loads(_OUTBOUND.write(ask, model="served"))["model"] == "served"
    assert _OUTBOUND.read(WHOLE).text == "Hello! How can I assist you today?"
    assert reader.is_complete
    assert _OUTBOUND.error_message(b'{"error":{"message":"no"}}') == "no"


_USAGE = b'data: {"id":"1","choices": [ ],"usage":{"total_tokens":3}}'
_WORDS = b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"\\"choices\\":[]"}}],"usage":null}'
_AZURE = b'data: {"id":"","choices":[],"prompt_filter_results":[]}'


def _stripped(pieces: list[bytes]) -> bytes:
    stripper = UsageStripper()
    return b"".join([*map(stripper.feed, pieces), stripper.close()])


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_only_the_injected_usage_is_taken_out(end: bytes) -> None:
    """Words that look like it, comments and other events without choices stay, byte for byte."""
    kept = [_AZURE, b": comment", _WORDS, _WORDS, b"data: [DONE]"]
    whole = end.join([*kept[:3], _USAGE, *kept[3:], b""])

    assert _stripped([whole]) == end.join([*kept, b""])


@settings(deadline=None)
@given(st.data(), st.sampled_from([b"\n\n", b"\r\n\r\n"]))
def test_it_does_not_matter_where_the_bytes_are_cut(data: st.DataObject, end: bytes) -> None:
    """The law: what comes out in all is the same for every cut."""
    whole = end.join([_AZURE, _WORDS, _USAGE, b"data: [DONE]", b""])

    assert _stripped(data.draw(cuts(whole))) == whole.replace(_USAGE + end, b"")


def test_a_whole_event_is_passed_on_at_once() -> None:
    """Nothing but half an event is ever held back."""
    stripper = UsageStripper()

    assert stripper.feed(_WORDS + b"\n\n" + _WORDS[:20]) == _WORDS + b"\n\n"
    assert stripper.feed(_WORDS[20:] + b"\n\n") == _WORDS + b"\n\n"


def test_whole_events_are_not_even_copied() -> None:
    """The frequent case costs one look."""
    whole = _WORDS + b"\n\n" + _WORDS + b"\n\n"

    assert UsageStripper().feed(whole) is whole


@pytest.mark.parametrize(
    ("left", "expected"), [(_WORDS, _WORDS), (_USAGE, b""), (b"data: {cut", b"data: {cut"), (b"", b"")]
)
def test_what_is_left_at_the_end_is_passed_on(left: bytes, expected: bytes) -> None:
    """A stream that was cut stays visibly cut; a usage without its empty line is still ours."""
    assert _stripped([left]) == expected


def test_openais_own_stream_loses_its_last_chunk_only() -> None:
    """Checked against what the API sends."""
    stripped = _stripped([STREAM])

    events = STREAM.split(b"\n\n")
    assert stripped.split(b"\n\n") == [event for event in events if b'"choices":[]' not in event]
