"""Counting words that tell what kind of work is asked for."""

import pytest

from sparingly.core.wording import Wording, wording, words_of

MAIL = "Dear team,\nthe room is closed. We must prove that it is dry, and explain why.\nRegards, Ruth"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the capital of Mali?", Wording(words=6, lookup=2)),
        ("How many grams?", Wording(words=3, lookup=1)),
        ("Explain how to bake bread.", Wording(words=5, craft=2)),
        ("Prove the theorem, with exactly two trade-offs.", Wording(words=7, reasoning=3, demand=1)),
        ("At least find the root cause.", Wording(words=6, reasoning=1, demand=1)),
        ("PROVE it", Wording(words=2, reasoning=1)),
        ("unproven explanations", Wording(words=2)),
        ("", Wording()),
        (" \n ", Wording()),
    ],
)
def test_words_and_pairs_of_each_kind_are_counted(text: str, expected: Wording) -> None:
    """Whole words only, in any case."""
    assert wording(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"Translate this:\n\n{MAIL}",
        f"{MAIL}\n\nTranslate this:",
        f"{MAIL}\n   \nTranslate this:",
        f"Translate this:\n{MAIL} {MAIL}",
        f"Translate this:\n\n```\n{MAIL}\n```",
        f"Translate this:\n```\n{MAIL}",
    ],
)
def test_pasted_material_is_not_what_is_asked(text: str) -> None:
    """The shorter of the first and last paragraph asks; fenced code never does, closed or not."""
    assert wording(text) == Wording(words=2, lookup=1)


def test_a_paragraph_without_end_is_read_only_at_its_beginning() -> None:
    """Beyond some length a paragraph is material."""
    assert wording("prove " * 10_000).reasoning == 200


def test_words_are_lower_case_and_keep_inner_hyphens_and_apostrophes() -> None:
    """A trade-off is one word."""
    assert words_of("It's a Trade-off (2x).") == ["it's", "a", "trade-off", "2x"]
