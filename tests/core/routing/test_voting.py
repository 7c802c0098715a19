"""Votes of examples: louder from nearby, and aware of what they have not seen."""

import numpy as np
import pytest

from sparingly.core.routing.voting import FittedVotes, Floats, Labels, fit_votes, is_worth_trying, voted

CLASSES, EACH, DIMENSIONS = 12, 30, 24
HALF = DIMENSIONS // 2
MEANS = np.eye(HALF)[:CLASSES]


def _examples(seed: int, each: int = EACH) -> tuple[Floats, Labels]:
    """Classes differ a little in the first half of the dimensions, examples of one class much in the second."""
    chance = np.random.default_rng(seed)
    labels = np.repeat(np.arange(CLASSES), each)
    first = MEANS[labels] + 0.2 * chance.normal(size=(len(labels), HALF))
    return np.hstack([first, 3.0 * chance.normal(size=(len(labels), HALF))]), labels


@pytest.fixture(scope="module")
def fitted() -> FittedVotes:
    """Votes of the first examples."""
    return fit_votes(*_examples(0), CLASSES)


def test_examples_vote_in_the_directions_that_tell_classes_apart(fitted: FittedVotes) -> None:
    """What differs within classes, and by far the most, drowns a plain nearest neighbor and not the vote."""
    known, known_labels = _examples(0)
    rows, labels = _examples(1)

    right = np.mean(
        [voted(fitted.votes, row)[0].argmax() == label for row, label in zip(rows, labels, strict=True)]
    )

    nearest = known_labels[np.square(rows[:, None] - known[None]).sum(axis=2).argmin(axis=1)]
    assert right > 0.8
    assert np.mean(nearest == labels) < 0.5


def test_chances_add_up_to_one_and_none_is_nothing(fitted: FittedVotes) -> None:
    """A unanimous vote may be wrong."""
    chances, _ = voted(fitted.votes, _examples(0)[0][0])

    assert chances.sum() == pytest.approx(1)
    assert chances.min() > 0


def test_support_is_the_share_of_examples_that_lie_farther_from_the_others(fitted: FittedVotes) -> None:
    """So a bar of 0.05 takes about one in twenty of what is like the examples for strange."""
    support = np.array([voted(fitted.votes, row)[1] for row in _examples(1)[0]])

    assert 0.01 < np.mean(support < 0.05) < 0.12
    assert support.mean() == pytest.approx(0.5, abs=0.1)


def test_what_is_between_all_classes_has_less_support_than_what_is_of_one(fitted: FittedVotes) -> None:
    """However close to its words the examples are."""
    strange = np.concatenate([-MEANS.sum(axis=0), np.zeros(HALF)])
    usual = np.concatenate([MEANS[0], np.zeros(HALF)])

    assert voted(fitted.votes, strange)[1] < 0.05 < voted(fitted.votes, usual)[1]


def test_what_is_measured_was_held_out() -> None:
    """Classes that do not differ get chances no better than their share, though each example is its own neighbor."""
    rows, labels = _examples(0)
    shuffled = np.random.default_rng(3).permutation(labels)

    found = fit_votes(rows, shuffled, CLASSES)

    assert np.mean(found.chances.argmax(axis=1) == shuffled[found.held_out]) < 0.2


def test_fitting_twice_gives_the_same_votes(fitted: FittedVotes) -> None:
    """There is no seed."""
    again = fit_votes(*_examples(0), CLASSES)

    assert np.array_equal(again.votes.examples, fitted.votes.examples)
    assert again.votes.loudness == fitted.votes.loudness


def test_the_order_of_examples_changes_no_vote(fitted: FittedVotes) -> None:
    """Examples are sorted by class, whichever way they came; directions alone are fitted from all of them."""
    rows, labels = _examples(0)
    order = np.argsort(-labels, kind="stable")

    turned = fit_votes(rows[order], labels[order], CLASSES)

    row = _examples(1)[0][0]
    assert voted(turned.votes, row)[0].argmax() == voted(fitted.votes, row)[0].argmax()


@pytest.mark.parametrize(
    ("labels", "count", "expected"),
    [
        (np.repeat(np.arange(9), 10), 9, True),
        (np.repeat(np.arange(9), 9), 9, False),
        (np.repeat(np.arange(3), 100), 3, False),
        (np.concatenate([np.repeat(np.arange(8), 40), np.full(4, 8)]), 9, False),
    ],
)
def test_votes_want_many_classes_of_many_examples(labels: Labels, count: int, *, expected: bool) -> None:
    """Nine classes, ten examples each on average, five at least."""
    assert is_worth_trying(labels, count) is expected
