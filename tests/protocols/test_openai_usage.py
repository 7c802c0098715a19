"""Counts of tokens under either set of names."""

import pytest

from sparingly.core.answer import Usage
from sparingly.protocols.openai_usage import Names, details, read_counts

NAMES = Names("in", "out", "in_details", "out_details")


def test_counts_are_read_under_an_apis_own_names_and_the_rest_is_handed_back() -> None:
    """A total that follows from the parts is no news."""
    value = {
        "in": 10,
        "out": 5,
        "total_tokens": 15,
        "in_details": {"cached_tokens": 4, "audio_tokens": 1},
        "out_details": {"reasoning_tokens": 2},
        "cost": 3,
    }

    usage, rest = read_counts(value, NAMES)

    assert usage == Usage(input_tokens=10, output_tokens=5, cached_input_tokens=4, reasoning_tokens=2)
    assert rest == {"in_details": {"audio_tokens": 1}, "cost": 3}


@pytest.mark.parametrize("count", [None, -1, True, "7", 1.5])
def test_what_is_no_count_counts_nothing(count: object) -> None:
    """A wrong figure must not cost an answer."""
    usage, _ = read_counts({"in": count, "out": 1}, NAMES)

    assert usage == Usage(output_tokens=1)


def test_no_object_is_no_usage() -> None:
    """Providers may leave it out, or send null."""
    assert read_counts(None, NAMES) == (None, {})
    assert details({"parts": 5}, "parts") == {}
