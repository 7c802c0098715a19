"""Estimating outcomes."""

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.routing.estimators import (
    Blend,
    Linear,
    Neighbors,
    Prompts,
    Tables,
    Tasks,
    estimated,
    estimated_in_tasks,
    held_within,
    scaled_sizes,
    similarities_of,
    tasks_of,
)
from sparingly.core.routing.prompt_terms import BUCKETS, SIZES, terms_of

Floats = npt.NDArray[np.float32]


def _f(*rows: object) -> Floats:
    return np.array(rows, dtype=np.float32)


X, Y, BETWEEN = (1.0, 0.0), (0.0, 1.0), (0.8, 0.6)
OUTCOMES = _f((1.0, 0.0), (0.0, 1.0))


def _prompts(*vectors: tuple[float, float], text: str = "go") -> Prompts:
    return Prompts(_f(*vectors), [terms_of(text)] * len(vectors))


def _linear(bias: tuple[float, float] = (0.5, 0.5)) -> Linear:
    return Linear(
        bias=_f(*bias),
        vector=np.zeros((2, 2), dtype=np.float32),
        words=np.zeros((BUCKETS, 2), dtype=np.float32),
        rarity=np.ones(BUCKETS, dtype=np.float32),
        sizes=np.zeros((SIZES, 2), dtype=np.float32),
        size_means=np.zeros(SIZES, dtype=np.float32),
        size_scales=np.ones(SIZES, dtype=np.float32),
    )


def test_neighbors_are_the_closest_and_have_one_voice_each() -> None:
    """As many as there are, where fewer than asked for."""
    known = _f(X, Y, BETWEEN)
    outcomes = _f((1.0, 0.0), (0.0, 1.0), (1.0, 1.0))

    two = estimated(Neighbors(known, outcomes, 2), _prompts(X, Y))

    assert two.tolist() == [[1.0, 0.5], [0.5, 1.0]]
    np.testing.assert_allclose(estimated(Neighbors(known, outcomes, 9), _prompts(X))[0], [2 / 3, 2 / 3])


def test_a_table_answers_with_the_row_of_the_closest_center() -> None:
    """A prompt between two belongs to the closer one."""
    table = Tables(_f((X, Y)), _f(OUTCOMES))

    assert estimated(table, _prompts(Y, BETWEEN)).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_several_tables_answer_with_their_mean() -> None:
    """In the second one both centers have the same outcomes."""
    tables = Tables(_f((X, Y), (X, Y)), _f(OUTCOMES, ((0.5, 0.5), (0.5, 0.5))))

    assert estimated(tables, _prompts(Y)).tolist() == [[0.25, 0.75]]


def test_one_prompt_is_as_close_to_centers_as_among_others() -> None:
    """Requests come one by one, measurements by the thousand."""
    centers = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)

    np.testing.assert_allclose(
        similarities_of(_f(X), centers)[0], similarities_of(_f(Y, X), centers)[1], rtol=1e-6
    )


def test_a_linear_estimate_sums_embedding_words_and_sizes() -> None:
    """Each with its own weight for each model."""
    model = _linear()
    model.vector[:] = _f((0.1, 0.0), (0.0, 0.2))
    model.words[terms_of("go").buckets[0]] = (0.3, -0.3)
    model.sizes[0] = (1.0, 0.0)
    length = float(np.log1p(2.0))

    found = estimated(model, _prompts(X, Y))

    np.testing.assert_allclose(found, [[0.5 + 0.1 + 0.3 + length, 0.2], [0.5 + 0.3 + length, 0.4]], rtol=1e-5)


def test_a_prompt_without_words_is_estimated_by_the_rest() -> None:
    """No term, no share."""
    assert estimated(_linear(), _prompts(X, text="")).tolist() == [[0.5, 0.5]]


def test_words_that_tell_nothing_are_not_looked_up() -> None:
    """A fit without words keeps no rows for them."""
    none = np.zeros((0, 2), dtype=np.float32)

    found = estimated(msgspec.structs.replace(_linear(), words=none, rarity=none[:, 0]), _prompts(X))

    assert found.tolist() == [[0.5, 0.5]]


def test_no_size_counts_more_than_three_scales() -> None:
    """A prompt of a megabyte is not a thousand times as hard."""
    found = scaled_sizes(_f((100.0, 0.0)), _f(0.0, 0.0), _f(1.0, 1.0))

    assert found.tolist() == [[3.0, 0.0]]


def test_values_are_held_within_bounds_one_by_one() -> None:
    """As `np.clip` does it, with one bound for all or one for each."""
    values, most = _f(-1.0, 0.5, 9.0), _f(1.0, 0.25, 2.0)

    assert held_within(values, 0.0, most).tolist() == np.clip(values, 0.0, most).tolist() == [0.0, 0.25, 2.0]


def _tasks(*, alpha: float, share: float = 1.0) -> Tasks:
    heads = np.zeros((2, 3, 2), dtype=np.float32)
    heads[0, 2] = (0.25, 0.0)
    return Tasks(
        general=_linear(),
        centers=_f(X, Y),
        owners=np.array([0, 1]),
        bars=_f(0.9, 0.9),
        heads=heads,
        means=_f((1.0, 0.0), (0.0, 1.0)),
        shares=_f((share, 0.0), (share, share)),
        alpha=alpha,
    )


def test_a_prompt_far_from_every_task_belongs_to_none() -> None:
    """And has the general estimate."""
    tasks = _tasks(alpha=0.0)

    assert tasks_of(tasks, _f(X, Y, BETWEEN)).tolist() == [0, 1, -1]
    assert estimated(tasks, _prompts(BETWEEN)).tolist() == [[0.5, 0.5]]


def test_a_task_corrects_its_candidates_and_mixes_in_its_own_score() -> None:
    """The second model is no candidate of the first task: it keeps the general estimate."""
    assert estimated(_tasks(alpha=1.0), _prompts(X)).tolist() == [[0.75, 0.5]]
    assert estimated(_tasks(alpha=0.5), _prompts(X)).tolist() == [[0.875, 0.5]]


def test_a_thin_task_says_less() -> None:
    """Half the evidence, half the share."""
    assert estimated(_tasks(alpha=0.0, share=0.5), _prompts(Y)).tolist() == [[0.25, 0.75]]


def test_a_blend_is_the_weighted_mean_of_its_parts() -> None:
    """Whatever they are."""
    blend = Blend((Tables(_f((X, Y)), _f(OUTCOMES)), _linear()), (0.25, 0.75))

    assert estimated(blend, _prompts(X)).tolist() == [[0.625, 0.375]]


def test_the_tasks_come_with_the_outcomes_they_shaped() -> None:
    """Also from within a blend; an estimator without tasks names none."""
    prompts, tasks = _prompts(Y, BETWEEN), _tasks(alpha=0.0)
    nested = Blend((_linear(), Blend((tasks,), (1.0,))), (0.5, 0.5))

    found = estimated_in_tasks(nested, prompts)

    assert found.tasks is not None
    assert found.tasks.tolist() == tasks_of(tasks, prompts.vectors).tolist() == [1, -1]
    assert found.outcomes.tolist() == estimated(nested, prompts).tolist()
    assert estimated_in_tasks(_linear(), prompts).tasks is None
