"""Nothing that a client asks for is lost in silence on the way to a provider of another dialect."""

import importlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.errors import InvalidRequest
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.protocols.places import in_clients_words
from tests.protocols.crossings.of_anthropic import of_anthropic
from tests.protocols.crossings.of_chat import of_chat
from tests.protocols.crossings.of_responses import of_responses
from tests.protocols.crossings.rows import BASES, Body, Carried, LeftOut, Outcome, Refused, Row
from tests.protocols.oddities import made_odd

ROWS = (*of_chat(), *of_responses(), *of_anthropic())

CROSSINGS = [
    pytest.param(row, out, outcome, id=f"{row.dialect}: {row.field} {number} -> {out}")
    for number, row in enumerate(ROWS)
    for out, outcome in row.to.items()
]

# Spoken of by every request; crossed by tests of their own.
_ALWAYS = {"model", "messages", "input", "stream"}


def crossed(dialect: str, fields: Mapping[str, Any], out: str) -> Body:
    """What is written for a provider of another dialect; raises as the pipeline does."""
    inbound, body = INBOUND[dialect], json.dumps(BASES[dialect] | dict(fields)).encode()
    ask = inbound.read(body)
    try:
        written: Body = json.loads(OUTBOUND[out].write(ask, model="m"))
    except InvalidRequest as error:
        raise in_clients_words(error, lambda field: inbound.place(body, field)) from error
    return written


def found(body: Any, path: str) -> Any:
    """The value at a path such as `messages.0.content`."""
    for name in path.split("."):
        body = body[int(name)] if isinstance(body, list) else body[name]
    return body


@pytest.mark.parametrize(("row", "out", "outcome"), CROSSINGS)
def test_a_field_is_carried_or_refused_by_its_name_or_left_out_for_a_reason(
    row: Row, out: str, outcome: Outcome
) -> None:
    """There is no fourth outcome."""
    match outcome:
        case Refused(field):
            with pytest.raises(InvalidRequest) as refused:
                crossed(row.dialect, row.asked, out)

            assert (refused.value.field, f"`{field}`" in refused.value.message) == (field, True)
        case Carried(path, value):
            assert found(crossed(row.dialect, row.asked, out), path) == value
        case LeftOut(reason):
            assert crossed(row.dialect, row.asked, out) == crossed(row.dialect, row.bare, out)
            assert reason


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_however_odd_a_request_is_it_is_carried_or_refused(data: st.DataObject) -> None:
    """A value of the wrong kind is the client's error, and never one of ours."""
    row = data.draw(st.sampled_from(ROWS))
    odd = data.draw(made_odd(BASES[row.dialect] | row.asked))

    for out in BASES:
        with suppress(InvalidRequest):
            if out == row.dialect:
                OUTBOUND[out].patch(json.dumps(odd).encode(), model="m")
            else:
                crossed(row.dialect, odd, out)


@pytest.mark.parametrize(
    ("dialect", "module", "params"),
    [
        ("openai", "openai.types.chat.completion_create_params", "CompletionCreateParamsBase"),
        ("openai-responses", "openai.types.responses.response_create_params", "ResponseCreateParamsBase"),
        ("anthropic", "anthropic.types.message_create_params", "MessageCreateParamsBase"),
        ("anthropic", "anthropic.types.beta.message_create_params", "MessageCreateParamsBase"),
    ],
)
def test_every_field_that_an_official_client_sends_has_a_row(dialect: str, module: str, params: str) -> None:
    """What a new release of a client adds is decided here before it is met there."""
    pytest.importorskip(module.partition(".")[0])
    fields = set(getattr(importlib.import_module(module), params).__annotations__)

    # Sent as a header.
    fields -= {"betas"}
    assert fields - _ALWAYS <= {row.field for row in ROWS if row.dialect == dialect}


@pytest.mark.parametrize("dialect", BASES)
def test_every_row_goes_to_both_other_dialects(dialect: str) -> None:
    """A row that forgets one leaves its fate to chance."""
    others = {*BASES} - {dialect}

    assert all({*row.to} == others for row in ROWS if row.dialect == dialect)
