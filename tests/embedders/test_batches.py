"""Which texts share a run of the model."""

from hypothesis import given
from hypothesis import strategies as st

from sparingly.embedders.batches import runs

SIZES = st.lists(st.integers(min_value=1, max_value=256), max_size=40)


def test_short_texts_share_a_run_and_a_long_one_runs_alone() -> None:
    """Texts of like length go together; the short ones go first."""
    grouped = runs([9, 200, 10, 60, 8], max_pieces=128)

    assert grouped == [[4, 0, 2], [3], [1]]


def test_a_run_counts_the_padding() -> None:
    """Three texts fill 150 places as soon as one of them is 50 long."""
    grouped = runs([5, 5, 50], max_pieces=128)

    assert grouped == [[0, 1], [2]]


@given(sizes=SIZES)
def test_every_text_is_in_exactly_one_run(sizes: list[int]) -> None:
    """Nobody waits for ever, nobody is embedded twice."""
    grouped = runs(sizes)

    assert sorted(index for run in grouped for index in run) == list(range(len(sizes)))


@given(sizes=SIZES, max_pieces=st.integers(min_value=1, max_value=512))
def test_no_run_of_several_texts_is_larger_than_allowed(sizes: list[int], max_pieces: int) -> None:
    """The padded size counts: the longest text times their number."""
    for run in runs(sizes, max_pieces=max_pieces):
        assert len(run) == 1 or len(run) * max(sizes[index] for index in run) <= max_pieces
