"""Requests in several wordings."""

from itertools import chain, combinations

import pytest

from sparingly.learning.judge.task_wordings import EDITS, MEANINGS, TASKS, WAYS


@pytest.mark.parametrize("lines", [TASKS, MEANINGS, WAYS, EDITS])
def test_each_request_has_two_wordings_with_one_place_each(lines: tuple[tuple[str, ...], ...]) -> None:
    """Otherwise there is nothing to pair, or nothing to be about."""
    assert all(len(set(wordings)) == len(wordings) >= 2 for wordings in lines)
    assert all(wording.count("{}") == 1 for wording in chain(*lines))


@pytest.mark.parametrize("lines", [(*TASKS, *MEANINGS), WAYS, EDITS])
def test_no_wording_belongs_to_two_requests(lines: tuple[tuple[str, ...], ...]) -> None:
    """Otherwise a pair would be the same and different."""
    assert all(set(one).isdisjoint(other) for one, other in combinations(lines, 2))
