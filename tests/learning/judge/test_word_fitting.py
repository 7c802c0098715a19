"""What is learned of single words."""

import numpy as np
import pytest

from sparingly.learning.judge.word_fitting import fitted_substitutions, fitted_table
from tests.core.evidence.readings import reading

TEXTS = ["reset the card", "reset the password", "the money", "the card", "buy the car", "a car of zorblax"]


def fake_vectors(words: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=(len(list(words)), 64)).astype(np.float32)  # type: ignore[call-overload]


def test_common_words_are_less_rare_than_seldom_ones() -> None:
    """Words that came once are in no table; those of the vocabulary alone are rare."""
    table = fitted_table(TEXTS, {"the": 5, "obscure": 20_000, "##ing": 3, "[CLS]": 1}, fake_vectors)
    rarity = {word: float(table.rarity[at]) for word, at in table.words.items()}

    assert rarity["the"] < rarity["card"] < rarity["obscure"]
    assert "zorblax" not in rarity
    assert "##ing" not in rarity
    assert table.vectors.shape == (len(rarity) + 1, 48)
    assert not table.vectors[-1].any()


def test_what_replaces_what_is_learned_without_the_fold_it_is_used_on() -> None:
    """A word that only ever differs in pairs that differ speaks for a difference."""
    pytest.importorskip("sklearn", reason="scikit-learn fits the judge; the extra `train` has it")
    pairs = [(reading(f"reset {n} card"), reading(f"reset {n} password")) for n in "abcdefghij"]
    pairs += [(reading(f"buy {n} thing"), reading(f"purchase {n} thing")) for n in "abcdefghij"]
    same = np.array([False] * 10 + [True] * 10)
    folds = np.array([0, 1] * 10)

    learned, without = fitted_substitutions(pairs, same, folds, np.ones(20))

    assert learned.score(*pairs[0]) > 0 > learned.score(*pairs[-1])
    assert set(without) == {0, 1}
    assert without[0] != without[1] or without[0].weights


def test_a_pair_of_little_weight_teaches_little() -> None:
    """So made pairs can count for less than what people wrote."""
    pytest.importorskip("sklearn", reason="scikit-learn fits the judge; the extra `train` has it")
    pairs = [(reading(f"reset {n} card"), reading(f"reset {n} password")) for n in "abcdefghij"] * 2
    same = np.array([False] * 10 + [True] * 10)
    folds = np.zeros(20, dtype=np.int64)

    folds[::2] = 1
    learned, _ = fitted_substitutions(pairs, same, folds, np.array([1.0] * 10 + [0.1] * 10))
    undecided, _ = fitted_substitutions(pairs, same, folds, np.ones(20))

    assert learned.score(*pairs[0]) > undecided.score(*pairs[0])
