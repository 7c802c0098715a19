"""Tests of `sparingly.protocols.places`."""

import pytest

from sparingly.errors import InvalidRequest
from sparingly.protocols.places import in_clients_words, renamed, turn_of


def test_a_refusal_names_the_place_in_the_clients_own_body() -> None:
    """In the field and in the sentence."""
    error = InvalidRequest(
        "The API cannot express a picture (`messages.3.content`)", field="messages.3.content"
    )

    told = in_clients_words(error, lambda field: field.replace("3", "2"))

    assert told.field == "messages.2.content"
    assert told.message == "The API cannot express a picture (`messages.2.content`)"


def test_a_refusal_of_no_place_stays_as_it_is() -> None:
    """There is nothing to translate."""
    error = InvalidRequest("no")

    assert in_clients_words(error, lambda _: "elsewhere") is error


@pytest.mark.parametrize(
    ("field", "turn"),
    [
        ("messages.12.content.0.x", (12, "content.0.x")),
        ("messages.0", (0, "")),
        ("messages", None),
        ("tools.0.type", None),
    ],
)
def test_a_turn_is_told_from_other_places(field: str, turn: tuple[int, str] | None) -> None:
    """By its number."""
    assert turn_of(field) == turn


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("stop", "stop_sequences"),
        ("stop.0", "stop_sequences.0"),
        ("seed", "seed"),
        ("tools.1.function.x.y", "tools.1.x.y"),
        ("tools.1.type", "tools.1.type"),
    ],
)
def test_a_field_has_the_dialects_name(field: str, name: str) -> None:
    """What lies in it, too."""
    assert renamed(field, {"stop": "stop_sequences"}) == name
