"""The evidence about a question and its neighbors."""

import numpy as np

from sparingly.core.evidence.pairing import NAMES, UNKNOWN, evidence_rows
from sparingly.core.evidence.substitutions import Substitutions
from tests.core.evidence.readings import reading

NOTHING_LEARNED = Substitutions({})


def seen(asked: str, stored: str, *, similarity: float = 0.9) -> dict[str, float]:
    rows = evidence_rows(
        reading(asked), [reading(stored)], similarities=[similarity], learned=NOTHING_LEARNED
    )
    return dict(zip(NAMES, rows[0].tolist(), strict=True))


def test_equal_questions_have_nothing_unmatched() -> None:
    """Whatever is compared."""
    found = seen("How do I reset my password?", "how do i reset my password")

    assert found["unmatched_most"] == found["unmatched_weight"] == found["changed_weight"] == 0
    assert found["overlap"] == found["trigrams"] == found["same_kind"] == 1


def test_each_contradiction_has_its_column() -> None:
    """The guards speak by these."""
    assert seen("transfer 5 dollars", "transfer 6 dollars")["numbers_conflict"] == 1
    assert seen("transfer 5 dollars", "transfer dollars")["numbers_missing"] == 1
    assert seen("pay 5 then 6", "pay 6 then 5")["numbers_reordered"] == 1
    assert seen("can I pay", "can I not pay")["negation"] == 1
    assert seen("buy it", "sell it")["opposites"] == 1
    assert seen("money in Paris", "money in London")["names_conflict"] == 1
    assert seen("fly from rome to oslo", "fly from oslo to rome")["swapped"] == 1


def test_another_kind_of_text_is_another_task() -> None:
    """However much is said about the one subject; where one only asks, that is half of it."""
    letter = "Write a letter about the trade fair in Lyon"

    assert seen(letter, "Give me a checklist for the trade fair in Lyon")["task_differs"] == 1
    assert seen(letter, "Describe the trade fair in Lyon")["task_differs"] == 1
    assert seen(letter, "Draft a letter on the trade fair in Lyon")["task_differs"] == 0
    assert seen(letter, "What is the trade fair in Lyon?")["task_differs"] == 0.5
    assert seen("What is a webhook?", "Explain a webhook")["task_differs"] == 0


def test_two_negations_cancel() -> None:
    """Parity is what is compared."""
    assert seen("why can't I not pay", "why can I pay")["negation"] == 0


def test_like_words_lack_less_than_strange_ones() -> None:
    """By the vectors of single words."""
    like, strange = seen("buy card", "purchase card"), seen("buy card", "account card")

    assert like["soft_most"] < 0.1 < strange["soft_most"]
    assert like["unmatched_most"] == strange["unmatched_most"]


def test_a_word_written_in_two_is_no_difference() -> None:
    """Nor is a misspelled one."""
    assert seen("topup my card", "top up my card")["unmatched_most"] == 0
    assert seen("reset my passwrod", "reset my password")["unmatched_most"] == 0


def test_margins_tell_how_neighbors_stand_to_each_other() -> None:
    """A neighbor that is alone has none."""
    readings = [reading("reset card"), reading("reset account"), reading("money")]

    rows = evidence_rows(
        reading("reset card"), readings, similarities=[0.9, 0.85, 0.5], learned=NOTHING_LEARNED
    )

    margin, gap = NAMES.index("margin_next"), NAMES.index("gap_to_best")
    assert np.allclose(rows[:, margin], [0.05, 0.35, 0.0])
    assert np.allclose(rows[:, gap], [0.0, 0.05, 0.4])
    assert seen("a", "b")["margin_next"] == UNKNOWN


def test_some_rows_can_be_had_alone() -> None:
    """They are the same as among the others."""
    readings = [reading("reset card"), reading("reset account")]
    all_rows = evidence_rows(reading("reset"), readings, similarities=[0.9, 0.8], learned=NOTHING_LEARNED)

    row = evidence_rows(
        reading("reset"), readings[1:], similarities=[0.9, 0.8], learned=NOTHING_LEARNED, places=[1]
    )

    assert np.array_equal(row[0], all_rows[1])
