"""Linear estimators by ridge regression."""

import msgspec
import numpy as np
import pytest

from sparingly.core.routing.estimators import Prompts, estimated
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.learning.router.ridge_fit import EMBEDDING, VIEWS, View, fit_linear, fits, rarity_of
from tests.routing_tables import made_known

KNOWN = made_known(300)
FRESH = made_known(200, seed=1)


@pytest.mark.parametrize("views", [EMBEDDING, (View(0.0, 1.0, 0.0),), (View(0.0, 0.0, 1.0),), VIEWS])
def test_what_a_prompt_wants_is_learned_from_vector_words_or_size(views: tuple[View, ...]) -> None:
    """Each alone tells sums from poems here, and so does their mean."""
    found = estimated(fit_linear(KNOWN.prompts, KNOWN.outcomes, views=views), FRESH.prompts)

    sums, poems = found[::2], found[1::2]

    assert (sums[:, 1] > sums[:, 2]).mean() > 0.95
    assert (poems[:, 2] > poems[:, 1]).mean() > 0.95


def test_outcomes_that_prompts_do_not_tell_are_estimated_by_their_means() -> None:
    """Nothing is learned from noise, so that choosing falls back to the static hull."""
    noise = np.random.default_rng(5).random(KNOWN.outcomes.shape).astype(np.float32)

    found = estimated(fit_linear(KNOWN.prompts, noise), FRESH.prompts)

    assert np.abs(found - noise.mean(axis=0)).max() < 0.15


def test_more_shrinkage_brings_estimates_closer_to_the_means() -> None:
    """Up to saying nothing of the prompt at all."""
    mean = KNOWN.outcomes.mean(axis=0)

    spreads = [
        float(np.abs(estimated(one, FRESH.prompts) - mean).mean())
        for one in fits(KNOWN.prompts, KNOWN.outcomes, [1.0, 4.0, 1e7])
    ]

    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 1e-3


def test_a_ridge_with_one_penalty_is_the_textbook_one() -> None:
    """The conjugate gradients end where the normal equations do."""
    rows = KNOWN.prompts.vectors.astype(np.float64)
    rows -= rows.mean(axis=0)
    outcomes = KNOWN.outcomes.astype(np.float64)
    wanted = np.linalg.solve(
        rows.T @ rows + 7.0 * np.eye(rows.shape[1]), rows.T @ (outcomes - outcomes.mean(0))
    )

    found = fit_linear(KNOWN.prompts, KNOWN.outcomes, views=EMBEDDING, penalty=7.0)

    np.testing.assert_allclose(found.vector, wanted, atol=2e-4)


def test_few_prompts_and_many_give_the_same_kind_of_system() -> None:
    """With fewer prompts than inputs the dual form is solved; the estimates are as good."""
    few = Prompts(KNOWN.prompts.vectors[:6], KNOWN.prompts.terms[:6])
    rows = few.vectors.astype(np.float64)
    rows -= rows.mean(axis=0)
    outcomes = KNOWN.outcomes[:6].astype(np.float64)
    wanted = np.linalg.solve(rows.T @ rows + np.eye(rows.shape[1]), rows.T @ (outcomes - outcomes.mean(0)))

    found = fit_linear(few, KNOWN.outcomes[:6], views=EMBEDDING, penalty=1.0)

    np.testing.assert_allclose(found.vector, wanted, atol=2e-4)


def test_what_one_prompt_alone_says_has_no_weight() -> None:
    """It says nothing about others; what all say has the least of the rest."""
    prompts = msgspec.structs.replace(
        KNOWN.prompts, terms=[terms_of("all some"), terms_of("all some"), terms_of("all once")]
    )

    rarity = rarity_of(prompts)

    everywhere, twice, once = (rarity[terms_of(word).buckets[0]] for word in ("all", "some", "once"))
    assert twice > everywhere > once == 0.0
