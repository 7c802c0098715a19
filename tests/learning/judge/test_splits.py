"""Which part of the data a group is in."""

from collections import Counter

from sparingly.learning.judge.splits import fold_of, split_of

GROUPS = [f"group {number}" for number in range(5_000)]


def test_parts_have_their_sizes() -> None:
    """60, 20 and 20 percent, give or take what chance does to 5,000 groups."""
    sizes = Counter(split_of(group) for group in GROUPS)

    assert abs(sizes["train"] / 5_000 - 0.6) < 0.03
    assert abs(sizes["report"] / 5_000 - 0.2) < 0.03


def test_a_group_is_always_in_the_same_part() -> None:
    """These are committed: every script that was ever run agrees."""
    assert [split_of(group) for group in ("27345e2ab146", "a", "b")] == ["calibrate", "train", "train"]


def test_folds_do_not_follow_the_parts() -> None:
    """Every fold has groups of the train part, in equal numbers."""
    folds = Counter(fold_of(group, 5) for group in GROUPS if split_of(group) == "train")

    assert set(folds) == set(range(5))
    assert max(folds.values()) < 1.2 * min(folds.values())
