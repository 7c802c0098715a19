"""What a judge would pick, question by question."""

import msgspec
import numpy as np

from sparingly.core.evidence.guards import GUARDS
from sparingly.core.evidence.question import Question
from sparingly.core.judging.judge import MOST_BEHIND, SAME_WORDS, Bar, judge
from sparingly.learning.judge.labelled_pairs import LabelledPair
from sparingly.learning.judge.rows import Labels
from sparingly.learning.judge.streams import (
    NOBODY,
    RIGHT,
    UNJUDGED,
    WRONG,
    best_candidates,
    labelled_texts,
    played,
    told_by,
)
from tests.asks import NOW
from tests.core.judging.judges import small_judge
from tests.core.judging.test_judge_fitted import near

TEXTS = [
    "reset my card",
    "reset the card now",
    "transfer 5 dollars",
    "transfer 6 dollars",
    "Please, reset my card",
]


def vectors(texts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Unit vectors that all have something in common."""
    made = np.random.default_rng(0).normal(size=(len(texts), 8)) * 0.3 + 1.0
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def pair(a: str, b: str, *, same: bool) -> LabelledPair:
    return LabelledPair(a, b, same, group=a, class_a=a, class_b=a if same else b)


PAIRS = [
    pair("reset my card", "reset the card now", same=True),
    pair("transfer 5 dollars", "transfer 6 dollars", same=False),
]


def test_the_order_of_questions_is_the_same_every_time() -> None:
    """And all of them are in it."""
    labels = Labels(PAIRS)

    assert labelled_texts(labels) == labelled_texts(labels)
    assert sorted(labelled_texts(labels)) == sorted(labels.texts())


def test_only_what_was_said_of_two_questions_is_a_label() -> None:
    label = told_by(Labels(PAIRS))

    assert label("reset my card", "reset the card now") == RIGHT
    assert label("transfer 6 dollars", "transfer 5 dollars") == WRONG
    assert label("reset my card", "transfer 5 dollars") == UNJUDGED


def test_a_question_meets_only_those_before_it() -> None:
    """Closest first; the first one meets nobody."""
    found = played(small_judge(), TEXTS, vectors(TEXTS), lambda _one, _other: RIGHT)

    there = (~np.isnan(found.rows[:, :, 0])).sum(axis=1)
    assert there.tolist() == [0, 1, 2, 3, 4]
    assert found.repeats == 4
    assert (np.diff(found.rows[4, :4, 0]) <= 0).all()


def test_the_pick_is_the_one_that_the_serving_judge_makes() -> None:
    """For every question, with all guards and the judge's floor."""
    model = msgspec.structs.replace(small_judge(), probability=0.0)
    of = vectors(TEXTS)
    found = played(model, TEXTS, of, lambda _one, _other: UNJUDGED)
    best = best_candidates(
        found, model.probabilities, guards=GUARDS, floor=model.floor, most_behind=MOST_BEHIND
    )

    for at, text in enumerate(TEXTS):
        stored = [near(TEXTS[other], min(1.0, float(of[at] @ of[other]))) for other in range(at)]
        verdict = judge(
            stored,
            bar=Bar(1.0, guards=frozenset(GUARDS)),
            now=NOW,
            question=Question(text, of[at]),
            model=model,
        )
        expected = NOBODY if verdict.evidence.probability is None else verdict.evidence.probability
        assert best.scores[at] == expected

    assert best.scores[4] == SAME_WORDS
