import numpy as np
import pytest

from sparingly.core.guarantee.calibration import Trials, trials_of
from sparingly.core.guarantee.growth import growth

COUNT = 20_000


def _stream(power: float, *, wrong: float, seed: int = 0) -> Trials:
    """Candidates come with a chance that grows like a power of the place in the stream."""
    rng = np.random.default_rng(seed)
    place = (np.arange(COUNT) + 0.5) / COUNT
    found = rng.random(COUNT) < 0.5 * place**power
    is_wrong = rng.random(COUNT) < wrong
    return Trials(np.where(found, rng.random(COUNT), -np.inf), found & ~is_wrong, found & is_wrong)


@pytest.mark.parametrize("wrong", [0.0, 0.3])
@pytest.mark.parametrize(("power", "expected"), [(0.0, 1.0), (0.5, 1.83), (1.0, 3.0)])
def test_growth_is_that_of_the_next_as_many_requests(power: float, expected: float, wrong: float) -> None:
    """Finds that grow like n ** p come 2 ** (p + 1) - 1 times as often; noise may only add to it."""
    found = growth(_stream(power, wrong=wrong))

    assert expected * 0.93 <= found <= expected * 1.45


def test_the_growth_of_wrong_finds_counts_where_there_are_enough() -> None:
    """Finds that grow while the wrong ones do not are no reason for caution."""
    rng = np.random.default_rng(0)
    place = (np.arange(COUNT) + 0.5) / COUNT
    wrong = rng.random(COUNT) < 0.1
    found = wrong | (rng.random(COUNT) < 0.5 * place)
    trials = Trials(np.where(found, rng.random(COUNT), -np.inf), found & ~wrong, wrong)

    assert growth(trials) < 1.3


def test_a_stream_that_finds_less_and_less_does_not_loosen_the_bound() -> None:
    """At least 1."""
    stream = _stream(1.0, wrong=0.3)
    backwards = stream.part(slice(None, None, -1))

    assert growth(backwards) == 1.0


def test_a_stream_without_candidates_does_not_grow() -> None:
    """Nor does an empty one."""
    assert growth(trials_of([(None, "unjudged")] * 10)) == 1.0
    assert growth(trials_of([])) == 1.0
