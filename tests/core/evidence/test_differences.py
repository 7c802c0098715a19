"""Where two questions contradict each other."""

import pytest

from sparingly.core.evidence.differences import (
    disorder,
    is_misspelled,
    is_swap,
    opposites,
    reversed_arcs,
    trimmed,
)
from tests.core.evidence.readings import reading


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("buy shares", "sell shares", 1),
        ("lock the door", "unlock the door", 1),
        ("useful advice", "useless advice", 1),
        ("buy shares", "purchase shares", 0),
        ("under water", "water", 0),
    ],
)
def test_opposites_are_found_by_list_and_by_prefix(one: str, other: str, count: int) -> None:
    """Among the words that the two do not share."""
    first, second = reading(one), reading(other)

    assert opposites(first, second, first.bag - second.bag, second.bag - first.bag) == count


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("password", "pasword", True),
        ("password", "passowrd", True),
        ("password", "passwird", True),
        ("password", "passport", False),
        ("cat", "car", False),
        ("abc12", "abc13", False),
    ],
)
def test_one_letter_makes_a_misspelling(one: str, other: str, *, expected: bool) -> None:
    """Too many, too few, wrong or moved; not in short words, where it makes another word."""
    assert is_misspelled(one, other) is expected
    assert is_misspelled(other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("fly from rome to oslo", "fly from oslo to rome", True),
        ("does stress cause pain", "does pain cause stress", True),
        ("is new york bigger than rome", "is rome bigger than new york", True),
        ("difference between cats and dogs", "difference between dogs and cats", False),
        ("tea or coffee", "coffee or tea", False),
        ("i am on solo and want team", "i am on team and want solo", True),
        ("fly from rome to oslo", "fly from rome to bern", False),
    ],
)
def test_a_swap_turns_a_question_unless_order_is_nothing(one: str, other: str, *, expected: bool) -> None:
    """X M Y against Y M X."""
    left, right, start = trimmed(one.split(), other.split())

    assert is_swap(left, right, before=one.split()[:start]) is expected


def test_trimming_takes_the_common_ends_away() -> None:
    """What is left is the change."""
    assert trimmed(["a", "b", "c", "d"], ["a", "x", "d"]) == (["b", "c"], ["x"], 1)
    assert trimmed(["a", "b"], ["a", "b"]) == ([], [], 2)


def test_relations_can_stand_the_other_way_round() -> None:
    """Also when only the ends are told: from A, to A."""
    assert reversed_arcs(reading("convert euros to yen"), reading("please convert yen to euros")) == 1
    assert reversed_arcs(reading("fly from Rome"), reading("fly to Rome")) == 1
    assert reversed_arcs(reading("fly from Rome to Oslo"), reading("from Rome fly to Oslo")) == 0


def test_disorder_is_the_share_of_turned_neighbors() -> None:
    """Of the content words that both have."""
    assert disorder(reading("reset card password"), reading("reset card password")) == 0.0
    assert disorder(reading("reset card password"), reading("password card reset")) == 1.0
    assert disorder(reading("reset"), reading("reset")) == 0.0
