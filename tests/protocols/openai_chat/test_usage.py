"""Tests of `sparingly.protocols.openai_chat.usage`."""

import pytest
from hypothesis import given

from sparingly.core.answer import Usage
from sparingly.protocols.openai_chat.usage import read_usage, write_usage
from tests.generators import usages

_OPENAI = {
    "prompt_tokens": 1117,
    "completion_tokens": 46,
    "total_tokens": 1163,
    "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0, "cache_write_tokens": 7},
    "completion_tokens_details": {
        "reasoning_tokens": 20,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def test_openais_usage_comes_back_as_it_was() -> None:
    """Counts without a field of ours included."""
    usage, rest = read_usage(_OPENAI)

    assert usage == Usage(1117, 46, 1024, 7, 20)
    assert write_usage(usage, rest, cached=False) == _OPENAI


@given(usages)
def test_every_usage_survives_the_wire(usage: Usage) -> None:
    """Estimates are marked, so they stay estimates."""
    assert read_usage(write_usage(usage, {}, cached=True)) == (usage, {})


def test_an_odd_total_is_kept() -> None:
    """Some servers count hidden reasoning in the total only."""
    odd = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 50}

    usage, rest = read_usage(odd)

    assert usage is not None
    assert write_usage(usage, rest, cached=False)["total_tokens"] == 50


def test_a_stored_answers_usage_says_so() -> None:
    """The counts stay those of the answer when it was made."""
    fresh = write_usage(Usage(3, 4), {}, cached=False)
    stored = write_usage(Usage(3, 4), {}, cached=True)

    assert stored == fresh | {"cached": True}


@pytest.mark.parametrize("value", [None, "many", 3, []])
def test_no_usage_is_none(value: object) -> None:
    """Servers that do not count send null or nothing."""
    assert read_usage(value) == (None, {})


@pytest.mark.parametrize("count", [None, -1, "3", True, 1.5])
def test_what_is_no_count_counts_nothing(count: object) -> None:
    """A wrong figure must not cost the answer."""
    usage, _ = read_usage({"prompt_tokens": count, "completion_tokens": 2})

    assert usage == Usage(0, 2)
