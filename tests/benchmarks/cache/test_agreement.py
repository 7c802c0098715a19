"""The measurement of comparisons counts what it says it counts."""

from benchmarks.cache.agreement import Compared, told
from sparingly.core.evidence.word_table import empty_table

STEPS = "Open Settings, choose Billing, and press the button Cancel plan at the end of the page."


def test_clear_words_on_pairs_of_the_other_kind_are_mistakes() -> None:
    """Unclear ones are none."""
    found = told(
        [
            Compared(STEPS, STEPS, same=True, kind="x"),
            Compared(STEPS, STEPS, same=False, kind="x"),
            Compared("Yes, it is.", "No, it is not.", same=True, kind="x"),
            Compared(STEPS, "", same=False, kind="x"),
        ],
        empty_table(),
    )

    assert found["said"] == {
        "same, right": 1,
        "same, wrong": 1,
        "different, right": 1,
        "different, unclear": 1,
    }
    assert found["mistaken"] == {"right": 1, "of right": 2, "wrong": 1, "of wrong": 1}
