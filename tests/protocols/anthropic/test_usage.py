"""Tests of `sparingly.protocols.anthropic.usage`."""

import pytest

from sparingly.core.answer import Usage
from sparingly.protocols.anthropic.usage import read_usage, write_input, write_output


def test_all_input_is_counted_as_input() -> None:
    """Anthropic counts what it read from and wrote to its cache beside the input, not in it."""
    usage, rest = read_usage(
        {
            "input_tokens": 10,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 1000,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3},
            "server_tool_use": {"web_search_requests": 1},
            "service_tier": None,
        }
    )

    assert usage == Usage(1110, 7, 100, 1000, 3)
    assert rest == {"server_tool_use": {"web_search_requests": 1}}


@pytest.mark.parametrize("count", [None, -1, "3", True])
def test_what_is_no_count_counts_nothing(count: object) -> None:
    """A wrong figure must not cost the answer."""
    assert read_usage({"input_tokens": count, "output_tokens": 2})[0] == Usage(0, 2)


def test_what_was_read_is_written_again() -> None:
    """Every count in its place, and the fields nobody here knows."""
    fields = {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 1000,
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 3},
        "estimated": True,
        "server_tool_use": {"web_search_requests": 1},
    }
    usage, rest = read_usage(fields)

    assert write_input(usage, rest, cached=False) | write_output(usage) == fields


def test_from_memory_all_input_was_read_from_a_cache() -> None:
    """So it is told, and nothing as written to one."""
    assert write_input(Usage(1110, 7, 100, 1000), {}, cached=True) == {
        "input_tokens": 0,
        "cache_read_input_tokens": 1110,
        "cache_creation_input_tokens": 0,
        "cached": True,
    }


def test_marks_of_ours_are_no_unknown_fields() -> None:
    """A gateway behind this one has set them."""
    assert read_usage({"input_tokens": 1, "cached": True, "estimated": False}) == (Usage(1), {})
