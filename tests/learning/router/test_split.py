"""Train, validation and test parts of a table."""

import numpy as np

from sparingly.learning.router.split import normalized, split_rows


def test_every_prompt_is_in_one_part_and_the_parts_are_as_large_as_stated() -> None:
    """60, 20 and 20 %."""
    split = split_rows([f"prompt {number}" for number in range(100)], seed=1)

    assert [len(part) for part in split] == [60, 20, 20]
    assert sorted(np.concatenate(split).tolist()) == list(range(100))


def test_prompts_that_differ_only_in_dress_stay_together() -> None:
    """A router that had seen one would know the other's outcomes."""
    prompts = [f"What is {number}?" for number in range(30)]
    dressed = [f"  what IS {number} " for number in range(30)]

    for seed in range(5):
        split = split_rows([*prompts, *dressed], seed=seed)
        for part in split:
            assert {row % 30 for row in part if row < 30} == {row % 30 for row in part if row >= 30}


def test_a_seed_is_a_draw() -> None:
    """The same one gives the same parts, another others."""
    prompts = [f"prompt {number}" for number in range(50)]

    first, again, other = (split_rows(prompts, seed=seed) for seed in (3, 3, 4))

    assert first.test.tolist() == again.test.tolist() != other.test.tolist()


def test_what_has_no_words_is_itself() -> None:
    """Two different rows of signs are two prompts."""
    assert normalized(" ?! ") == "?!"
    assert normalized("\uff21b, c") == "ab c"
