"""The numbers of an alignment mean what their names say."""

import numpy as np
import pytest

from benchmarks.judge.alignment_features import NAMES, UNKNOWN, Aligned, alignment

# Words as directions of a space of their own: only equal directions are alike.
AXES = np.eye(4, dtype=np.float32)


def aligned(*words: str, axes: tuple[int, ...], rarity: float = 1.0) -> Aligned:
    return Aligned(words, AXES[list(axes)], np.full(len(words), rarity, dtype=np.float32))


def numbers(asked: Aligned, stored: Aligned) -> dict[str, float]:
    return dict(zip(NAMES, alignment(asked, stored), strict=True))


def test_a_question_aligns_with_itself() -> None:
    """Nothing lacks a partner and nothing is turned."""
    question = aligned("reset", "password", axes=(0, 1))

    found = numbers(question, question)

    assert found["aligned_least"] == pytest.approx(1.0)
    assert found["lack_most"] == pytest.approx(0.0)
    assert found["turned"] == 0.0
    assert found["same_word_chosen"] == 1.0


def test_a_word_without_a_partner_counts_by_its_rarity() -> None:
    """A rare word that is missing on the other side weighs more than a common one."""
    stored = aligned("reset", axes=(0,))

    rare = numbers(aligned("reset", "gmail", axes=(0, 1), rarity=0.9), stored)
    common = numbers(aligned("reset", "account", axes=(0, 1), rarity=0.2), stored)

    assert rare["lack_asked"] == pytest.approx(0.9)
    assert common["lack_asked"] == pytest.approx(0.2)
    assert rare["lack_stored"] == pytest.approx(0.0)


def test_one_substituted_word_has_the_likeness_of_the_two() -> None:
    """A synonym is near, a stranger far; with two substitutions there is no such pair."""
    asked = aligned("buy", "car", axes=(0, 1))

    near = numbers(asked, aligned("purchase", "car", axes=(0, 1)))
    far = numbers(asked, aligned("sell", "car", axes=(2, 1)))
    both = numbers(asked, aligned("sell", "boat", axes=(2, 3)))

    assert near["substituted"] == pytest.approx(1.0)
    assert far["substituted"] == pytest.approx(0.0)
    assert both["substituted"] == UNKNOWN


def test_partners_in_the_other_order_are_turned() -> None:
    """ "A to B" and "B to A" have the same words."""
    asked = aligned("euros", "dollars", axes=(0, 1))

    found = numbers(asked, aligned("dollars", "euros", axes=(1, 0)))

    assert found["turned"] == 1.0
    assert found["aligned_least"] == pytest.approx(1.0)


def test_a_question_without_words_is_unknown_throughout() -> None:
    """Emoji or stop words only: there is nothing to align."""
    nothing = Aligned((), AXES[:0], np.zeros(0, dtype=np.float32))

    assert set(numbers(nothing, aligned("reset", axes=(0,))).values()) == {UNKNOWN}
