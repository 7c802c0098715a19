"""Rows as they look when the judge serves."""

import numpy as np

from sparingly.core.evidence.pairing import NAMES, UNKNOWN
from sparingly.core.evidence.substitutions import Substitutions
from sparingly.learning.judge.labelled_pairs import LabelledPair
from sparingly.learning.judge.rows import (
    Corpus,
    Labels,
    intent_rows,
    joined,
    neighbor_rows,
    pair_rows,
    stream_neighbors,
    unjudged_weight,
)
from tests.core.evidence.readings import reading

TEXTS = ["reset my card", "reset the card", "reset my password", "buy money", "purchase money", "transfer"]
NOTHING = Substitutions({})


def pair(a: str, b: str, *, same: bool) -> LabelledPair:
    classes = {text: text for text in TEXTS} | {
        "reset the card": "reset my card",
        "purchase money": "buy money",
    }
    return LabelledPair(a, b, same, group=a, class_a=classes[a], class_b=classes[b])


PAIRS = [
    pair("reset my card", "reset the card", same=True),
    pair("reset my card", "reset my password", same=False),
    pair("buy money", "purchase money", same=True),
    pair("buy money", "transfer", same=False),
]


def corpus() -> Corpus:
    vectors = np.random.default_rng(0).normal(size=(len(TEXTS), 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Corpus({text: reading(text) for text in TEXTS}, dict(zip(TEXTS, vectors, strict=True)))


def test_labels_follow_from_pairs_and_classes() -> None:
    """Nobody compared the rest."""
    labels = Labels(PAIRS)

    assert labels.same("reset the card", "reset my card") is True
    assert labels.same("reset my password", "reset my card") is False
    assert labels.same("transfer", "reset my card") is None


def test_a_pair_alone_has_no_margins() -> None:
    """As in a store that holds one entry."""
    part = pair_rows(corpus(), [("reset my card", "reset the card", True, "tag")], NOTHING, weight=0.5)

    assert part.rows[0, NAMES.index("margin_next")] == UNKNOWN
    assert (part.same.tolist(), part.weights.tolist(), part.tags) == ([True], [0.5], ("tag",))


def test_a_text_that_the_embedder_cannot_read_teaches_nothing() -> None:
    """Its vector of zeros would say that words alone are enough."""
    blind = corpus()
    blind.vectors["buy money"][:] = 0.0
    told = [("reset my card", "reset the card", True, ""), ("buy money", "purchase money", True, "")]
    learned = dict.fromkeys(TEXTS, NOTHING)

    assert len(pair_rows(blind, told, NOTHING, weight=1.0).rows) == 1
    assert len(pair_rows(blind, told[1:], NOTHING, weight=1.0).rows) == 0
    rows = neighbor_rows(blind, Labels(PAIRS[2:]), PAIRS[2:], learned, seed=0, tag="t").rows
    assert not (rows[:, NAMES.index("similarity")] == 0.0).any()


def test_neighbors_and_pairs_become_rows_and_the_same_seed_the_same_ones() -> None:
    """Every labelled pair is there at least once."""
    learned = dict.fromkeys(TEXTS, NOTHING)

    part = neighbor_rows(corpus(), Labels(PAIRS), PAIRS, learned, seed=0, tag="t")
    again = neighbor_rows(corpus(), Labels(PAIRS), PAIRS, learned, seed=0, tag="t")

    assert len(part.same) >= len(PAIRS)
    assert np.array_equal(part.rows, again.rows)
    assert part.rows.shape[1] == len(NAMES)


def test_neighbors_that_nobody_compared_count_a_little_as_different() -> None:
    """Less the closer they are, and not at all where they may be the same."""
    weights = [unjudged_weight(similarity) for similarity in (0.5, 0.7, 0.9, 0.95, 1.0)]

    assert weights[0] == weights[1] > weights[2] > weights[3] == weights[4] == 0.0


def test_neighbors_of_another_intent_are_different_and_those_of_the_same_say_nothing() -> None:
    """An intent is wider than a question."""
    intents = {"reset my card": "card", "reset the card": "card", "transfer": "money"}

    mixed = intent_rows(corpus(), intents, NOTHING, seed=0, tag="t")
    alike = intent_rows(corpus(), dict.fromkeys(intents, "card"), NOTHING, seed=0, tag="t")

    assert len(mixed.same) == 2
    assert not mixed.same.any()
    assert alike.rows.shape == (0, len(NAMES))


def test_parts_are_joined_in_order() -> None:
    """Rows, labels, weights and tags stay together."""
    one = pair_rows(corpus(), [("transfer", "buy money", False, "x")], NOTHING, weight=1.0)

    both = joined([one, one])

    assert both.tags == ("x", "x")
    assert both.rows.shape == (2, len(NAMES))


def test_a_stream_sees_earlier_questions_only_closest_first() -> None:
    """Rows without a vector neither find nor are found."""
    vectors = np.array([[1, 0], [0, 1], [0, 0], [0.8, 0.6]], dtype=np.float32)

    found = [[index for index, _ in near] for near in stream_neighbors(vectors, k=5)]

    assert found == [[], [0], [], [0, 1]]
