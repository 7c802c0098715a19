"""Tests of `sparingly.protocols.anthropic.usage`."""

import pytest

from sparingly.core.answer import Usage
from sparingly.protocols.anthropic.usage import read_usage


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
