"""Tests of `sparingly.protocols.switches`."""

import pytest

from sparingly.protocols.switches import switches


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", []),
        ("", [("accept", "*/*"), ("user-agent", "Anthropic/Python 2.12.0")]),
        ("", [("anthropic-version", "2023-06-01")]),
        ("", [("anthropic-version", "2026-10-21")]),
        ("beta=true", [("anthropic-beta", "")]),
    ],
)
def test_what_every_client_sends_says_nothing(query: str, headers: list[tuple[str, str]]) -> None:
    """So that clients of all dialects share their answers."""
    assert switches(query, headers) == ""


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("api-version=7", []),
        ("", [("anthropic-beta", "context-1m-2025-08-07")]),
        ("", [("anthropic-version", "2027-01-01")]),
        ("", [("openai-beta", "assistants=v2")]),
    ],
)
def test_what_may_change_the_answer_is_told(query: str, headers: list[tuple[str, str]]) -> None:
    """An answer made with a feature in trial is not given without it."""
    assert switches(query, headers) != ""


def test_order_and_place_do_not_matter() -> None:
    """Two clients that switch on the same are in the same scope."""
    one = switches("b=2&beta=true&a=1", [("anthropic-beta", "x, y"), ("openai-beta", "z")])
    other = switches("a=1&b=2", [("openai-beta", "z"), ("accept", "*/*"), ("anthropic-beta", "y,x")])

    assert one == other


def test_different_switches_are_different_scopes() -> None:
    """Each value counts."""
    asked = [("anthropic-beta", "x"), ("anthropic-beta", "x,y"), ("openai-beta", "x")]

    assert len({switches("", [one]) for one in asked}) == 3
