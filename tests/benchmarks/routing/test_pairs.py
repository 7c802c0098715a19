"""How much of the gap between two models a router recovers."""

import numpy as np
import pytest

from benchmarks.routing.pairs import apgr

# The strong model is better on the first prompt only, as good on the second, worse on none.
SCORES = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])


@pytest.mark.parametrize(
    ("gain", "recovered"),
    [
        # The right prompt first: all of the gap from a quarter of the calls on.
        ([1.0, 0.0, -1.0, -2.0], 1 - 1 / 8),
        # The right prompt last.
        ([-2.0, 0.0, -1.0, 1.0], 1 / 8),
        # Nothing known: a lot decides.
        ([0.0, 0.0, 0.0, 0.0], 0.5),
    ],
)
def test_the_recovered_share_is_averaged_over_the_share_of_strong_calls(
    gain: list[float], recovered: float
) -> None:
    """A router that knows nothing has one half, whatever the order of the prompts."""
    assert apgr(np.array(gain), SCORES) == pytest.approx(recovered)
