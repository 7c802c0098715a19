"""What a cross-encoder is shown of two questions."""

from benchmarks.judge.cross_encoder_net import reader


def test_each_piece_is_told_its_side_and_whether_the_other_side_has_it() -> None:
    """Kinds 0 and 1 on the left, 2 and 3 on the right; the marks count as not shared."""
    ids, kinds = reader()("reset my card", "reset it")

    assert len(ids) == len(kinds) == 8
    assert kinds == [0, 1, 0, 0, 0, 3, 2, 2]
    assert ids[1] == ids[5]
