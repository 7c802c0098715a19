import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.upstreams.simulated_words import JsonValue, digest, sentence, share, tokens, value_of, vector

SEED = digest("seed")


def test_parts_of_a_hash_do_not_run_into_each_other() -> None:
    """Else a model `a` asked `bc` would be answered as `ab` asked `c`."""
    assert digest("a", "bc") != digest("ab", "c")


def test_shares_are_spread_evenly_and_apart_by_purpose() -> None:
    """A rate of 0.3 must hit about 30 % of requests, and errors must not choose the same ones as cuts."""
    errors = [share(digest(n), "error") < 0.3 for n in range(2000)]
    cuts = [share(digest(n), "cut") < 0.3 for n in range(2000)]

    assert 0.27 < sum(errors) / 2000 < 0.33
    both = sum(a and b for a, b in zip(errors, cuts, strict=True))
    assert 0.06 < both / 2000 < 0.12


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    """What is streamed adds up to what would have been said at once."""
    assert "".join(tokens(text)) == text


@given(st.integers(1, 200))
def test_a_sentence_has_the_length_asked_for(words: int) -> None:
    """Token counts follow from it."""
    text = sentence(SEED, words)

    assert len(tokens(text)) == words
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, str),
        ({"type": "integer"}, int),
        ({"type": "number"}, float),
        ({"type": "boolean"}, bool),
        ({"type": "null"}, type(None)),
        ({"type": "array", "items": {"type": "integer"}}, list),
        ({"type": ["string", "null"]}, str),
        ({"properties": {}}, dict),
        ({}, str),
        (True, str),
    ],
)
def test_a_value_has_the_type_its_schema_names(schema: JsonValue, kind: type) -> None:
    """An SDK that parses structured output must be able to."""
    assert type(value_of(schema, SEED)) is kind


def test_a_value_follows_references_and_choices() -> None:
    """As the schemas that SDKs make from classes need it."""
    schema: JsonValue = {
        "type": "object",
        "properties": {
            "color": {"$ref": "#/$defs/Color"},
            "fixed": {"const": 7},
            "either": {"anyOf": [{"type": "integer"}]},
        },
        "$defs": {"Color": {"enum": ["red", "green"]}},
    }

    value = value_of(schema, SEED)

    assert isinstance(value, dict)
    assert value["color"] in {"red", "green"}
    assert value["fixed"] == 7
    assert isinstance(value["either"], int)


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    """Trees are written so."""
    value = value_of({"type": "object", "properties": {"child": {"$ref": "#"}}}, SEED)

    assert len(json.dumps(value)) < 1000


@given(st.text(), st.integers(1, 64))
def test_a_vector_has_length_one(text: str, dimensions: int) -> None:
    """Equal texts give equal vectors."""
    entries = vector(text, dimensions)

    assert len(entries) == dimensions
    assert math.isclose(sum(entry * entry for entry in entries), 1.0)
    assert entries == vector(text, dimensions)
