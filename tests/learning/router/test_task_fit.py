"""Task heads on general heads."""

import numpy as np

from sparingly.core.routing.estimators import estimated, linear, tasks_of
from sparingly.learning.router.ridge_fit import EMBEDDING, fit_linear
from sparingly.learning.router.task_fit import candidates, fit_tasks
from tests.routing_tables import made_known

KNOWN = made_known(200)
FRESH = made_known(100, seed=1)
SUMS, POEMS = np.arange(0, 200, 2), np.arange(1, 200, 2)
# So strong a penalty that the general heads know the means and nothing else.
IGNORANT = fit_linear(KNOWN.prompts, KNOWN.outcomes, views=EMBEDDING, penalty=1e9)


def test_tasks_tell_what_the_general_heads_do_not() -> None:
    """Sums go to the model that counts, poems to the one that rhymes."""
    tasks = fit_tasks(IGNORANT, KNOWN.prompts, KNOWN.outcomes, KNOWN.table.costs, [SUMS, POEMS], alpha=0.5)

    found = estimated(tasks, FRESH.prompts)
    belongs = tasks_of(tasks, FRESH.prompts.vectors)

    assert (belongs >= 0).mean() > 0.8
    assert (found[belongs == 0].argmax(axis=1) == 1).all()
    assert (found[belongs == 1].argmax(axis=1) == 2).all()


def test_without_tasks_the_general_heads_answer() -> None:
    """No community large enough is a finding, not an error."""
    tasks = fit_tasks(IGNORANT, KNOWN.prompts, KNOWN.outcomes, KNOWN.table.costs, [], alpha=0.5)

    assert (tasks_of(tasks, FRESH.prompts.vectors) == -1).all()
    assert estimated(tasks, FRESH.prompts).tolist() == linear(IGNORANT, FRESH.prompts).tolist()


def test_a_thin_task_stays_closer_to_the_general_estimate() -> None:
    """Eight prompts say less than eighty."""
    general = linear(IGNORANT, KNOWN.prompts)[0]

    def moved(members: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
        tasks = fit_tasks(IGNORANT, KNOWN.prompts, KNOWN.outcomes, KNOWN.table.costs, [members], alpha=0.5)
        inside = tasks_of(tasks, KNOWN.prompts.vectors) == 0
        return float(np.abs(estimated(tasks, KNOWN.prompts)[inside] - general)[:, 1].mean())

    assert moved(SUMS[:8]) < moved(SUMS[:80])


def test_candidates_are_the_cheap_corner_and_all_that_evidence_leaves_open() -> None:
    """A model that is surely worse and no cheaper than another is none."""
    outcomes = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [1, 1, 0, 0], [0, 1, 1, 0]] * 10, dtype=np.float32)
    costs = np.tile([1.0, 5.0, 5.0, 9.0], (40, 1))

    assert candidates(outcomes, costs) == [0, 1]
    assert candidates(outcomes[:3], costs[:3]) == [0, 1, 2]
