"""The threshold that sends a wanted share to the strong model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.routing.strong_share import StrongShare, threshold_for


@pytest.mark.parametrize(
    ("scores", "share", "found"),
    [
        ((0.1, 0.2, 0.3, 0.4), 0.5, StrongShare(0.25, 0.5)),
        ((0.1, 0.2, 0.3, 0.4), 0.3, StrongShare(0.35, 0.25)),
        ((0.1, 0.2, 0.3, 0.4), 0.0, StrongShare(0.7, 0.0)),
        ((0.1, 0.2, 0.3, 0.4), 1.0, StrongShare(0.0, 1.0)),
        ((0.1, 0.4, 0.4, 0.4), 0.5, StrongShare(0.7, 0.0)),
        ((0.1, 0.2, None, None), 0.75, StrongShare(0.15000000000000002, 0.75)),
        ((0.1, 0.2, None, None), 0.25, StrongShare(0.6, 0.5)),
    ],
)
def test_the_threshold_parts_the_scores(
    scores: tuple[float | None, ...], share: float, found: StrongShare
) -> None:
    """Equal scores stay together; requests without a score are strong whatever is wanted."""
    assert threshold_for(scores, share) == found


@given(st.lists(st.floats(0, 0.999), min_size=1, max_size=50), st.floats(0, 1))
def test_never_more_than_wanted_goes_to_the_strong_model(scores: list[float], share: float) -> None:
    """Money is not spent that was not asked for."""
    found = threshold_for(scores, share)

    assert found.share <= share + 1e-9
    assert found.share == sum(score >= found.threshold for score in scores) / len(scores)
