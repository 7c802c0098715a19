"""Task types as communities of prompts."""

import numpy as np
import pytest

from sparingly.learning.router.task_graph import Kind, communities, nearest, overlap, places, preferences_of
from tests.routing_tables import made_known

KNOWN = made_known(200)


@pytest.mark.parametrize("kind", ["similarity", "preference", "both"])
def test_prompts_that_want_different_models_are_of_different_tasks(kind: Kind) -> None:
    """Sums have even rows, poems odd ones; no task mixes them."""
    pytest.importorskip("leidenalg", reason="the train extra is not installed")

    tasks = communities(KNOWN.prompts.vectors, KNOWN.outcomes, kind=kind, resolution=1.0, seed=0)

    assert len(tasks) >= 2
    for members in tasks:
        share = float((members % 2).mean())
        assert min(share, 1 - share) < 0.1


def test_a_finer_resolution_makes_more_tasks_and_a_seed_the_same_ones() -> None:
    """Largest first, and none so small that nothing can be said of it."""
    pytest.importorskip("leidenalg", reason="the train extra is not installed")

    coarse, fine, again = (
        communities(KNOWN.prompts.vectors, KNOWN.outcomes, kind="both", resolution=resolution, seed=3)
        for resolution in (0.5, 3.0, 3.0)
    )

    assert len(fine) > len(coarse)
    assert [members.tolist() for members in fine] == [members.tolist() for members in again]
    sizes = [len(members) for members in fine]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= 15


def test_rankings_overlap_wholly_with_themselves_and_least_with_their_reverse() -> None:
    """The first places count most."""
    straight = np.array([[0, 1, 2, 3]])
    first_two, last_two, reverse = (
        np.array([[1, 0, 2, 3]]),
        np.array([[0, 1, 3, 2]]),
        np.array([[3, 2, 1, 0]]),
    )

    same, swapped_first, swapped_last, reversed_ = (
        float(overlap(straight, other)[0]) for other in (straight, first_two, last_two, reverse)
    )

    assert same == 1.0
    assert same > swapped_last > swapped_first > reversed_


def test_rank_biased_overlap_is_the_published_sum() -> None:
    """Two models swapped: nothing at depth 1, all at depth 2; weights 1 and p."""
    found = overlap(np.array([[0, 1]]), np.array([[1, 0]]), patience=0.5)

    assert float(found[0]) == pytest.approx(0.5 / 1.5)


def test_places_follow_preferences() -> None:
    """The most preferred stands first; of equals the one that is listed first."""
    assert places(np.array([[0.1, 0.9, 0.5], [0.0, 0.0, 1.0]], dtype=np.float32)).tolist() == [
        [2, 0, 1],
        [1, 2, 0],
    ]


def test_preferences_are_those_of_the_neighborhood() -> None:
    """Relative to each model's mean: what is good everywhere says nothing."""
    found = preferences_of(KNOWN.prompts.vectors, KNOWN.outcomes)

    assert (found[::2, 1] > 0).mean() > 0.95
    assert (found[1::2, 1] < 0).mean() > 0.95
    assert np.abs(found[:, 0]).mean() < 0.15


def test_nobody_is_their_own_neighbor() -> None:
    """And there are no more neighbors than others."""
    vectors = np.eye(4, dtype=np.float32)

    found = nearest(vectors, 10)

    assert found.shape == (4, 3)
    assert all(row not in set(found[row].tolist()) for row in range(4))
