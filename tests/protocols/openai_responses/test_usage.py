"""Tests of `sparingly.protocols.openai_responses.usage`."""

from hypothesis import given

from sparingly.core.answer import Usage
from sparingly.protocols.openai_responses.usage import read_usage, write_usage
from tests.generators import usages


@given(usages)
def test_what_is_written_reads_the_same(usage: Usage) -> None:
    """The law."""
    assert read_usage(write_usage(usage, {}, cached=False)) == (usage, {})


def test_unknown_counts_go_back_where_they_were() -> None:
    """At both levels."""
    told = {"input_tokens": 1, "x_new": 2, "input_tokens_details": {"cached_tokens": 0, "audio_tokens": 3}}

    usage, rest = read_usage(told)

    assert usage == Usage(1)
    assert rest == {"x_new": 2, "input_tokens_details": {"audio_tokens": 3}}
    written = write_usage(usage, rest, cached=False)
    assert written["input_tokens_details"] == {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 3}
    assert written["x_new"] == 2


def test_usage_from_memory_says_so_and_is_not_nothing() -> None:
    """The counts stay what the answer cost when it was made."""
    written = write_usage(Usage(9, 2), {}, cached=True)

    assert (written["cached"], written["total_tokens"]) == (True, 11)


def test_what_is_no_count_counts_nothing() -> None:
    """A wrong figure must not cost an answer."""
    assert read_usage({"input_tokens": "many", "output_tokens": -1}) == (Usage(), {})
    assert read_usage(None) == (None, {})
