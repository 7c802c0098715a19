"""What kind of answer a question wants."""

import pytest

from sparingly.core.evidence.asking import KINDS, kind_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("how do i reset it", "way"),
        ("in python how can i sort", "way"),
        ("what is the best way to learn", "way"),
        ("how many cards are there", "amount"),
        ("why is it slow", "reason"),
        ("when does it open", "time"),
        ("what time is it", "time"),
        ("who wrote it", "person"),
        ("where is it", "place"),
        ("which is better", "choice"),
        ("what is a cat", "thing"),
        ("is it safe", "yes-no"),
        ("what is the difference between a and b", "difference"),
        ("how is it made", "manner"),
        ("cancel the order", "order"),
        ("describe the normal process to reset it", "way"),
        ("give me the step to reset it", "way"),
        ("explain a webhook", "thing"),
        ("give a definition of it", "thing"),
        ("describe the difference of both", "difference"),
        ("give a reason", "reason"),
        ("list the card", "order"),
        ("my card", "other"),
        ("", "other"),
    ],
)
def test_the_asking_word_tells_the_kind(text: str, kind: str) -> None:
    """And what follows it."""
    assert kind_of(text.split()) == kind
    assert kind in KINDS
