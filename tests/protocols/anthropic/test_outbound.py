"""Tests of `sparingly.protocols.anthropic.outbound`."""

import json

from sparingly.core.chat import Ask, Text, Turn
from sparingly.core.transcript import fold
from sparingly.protocols.anthropic.outbound import AnthropicOutbound
from sparingly.protocols.dialect import Outbound
from tests.protocols.anthropic import golden

_OUTBOUND: Outbound = AnthropicOutbound()


def test_only_the_model_is_patched() -> None:
    """Whatever else is in the body; usage is always told and never asked for."""
    raw = b'{"thinking": {"type":"adaptive"}, "model": "asked", "stream": true}'

    patched = _OUTBOUND.patch(raw, model="served", inject_usage=True)

    assert patched == b'{"thinking":{"type":"adaptive"},"model":"served","stream":true}'
    assert _OUTBOUND.patch(raw, model="asked", inject_usage=True) is raw


def test_reasoning_of_another_house_is_taken_out() -> None:
    """This API refuses what it has not signed; its own stays, byte by byte."""
    theirs = '{"type":"thinking","thinking":"hm","signature":""}'
    signed = '{"type":"thinking", "thinking":"so","signature":"EqQB"}'
    raw = (
        f'{{"model":"m","messages":[{{"role":"user","content":"Hi"}},'
        f'{{"role":"assistant","content":[{theirs},{signed}]}}]}}'
    )

    patched = _OUTBOUND.patch(raw.encode(), model="m")

    assert patched.decode() == raw.replace(f"{theirs},", "")


def test_the_dialect_reads_and_writes() -> None:
    """The parts of the dialect in one place."""
    reader = _OUTBOUND.reader()

    assert json.loads(_OUTBOUND.write(Ask("a", (Turn("user", (Text("hi"),)),)), model="m"))["model"] == "m"
    assert fold(reader.feed(golden.STREAM)) == _OUTBOUND.read(golden.WHOLE)
    assert _OUTBOUND.error_message(b'{"type":"error","error":{"message":"Overloaded"}}') == "Overloaded"
