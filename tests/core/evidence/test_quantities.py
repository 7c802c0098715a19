"""Numbers in one form each."""

import pytest

from sparingly.core.evidence.normalizing import plain, tokens
from sparingly.core.evidence.quantities import quantities, unshared


def found(text: str) -> tuple[str, ...]:
    return quantities(tokens(plain(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$1,200", "1200 dollars"),
        ("$1.2k", "1200 usd"),
        ("5 million", "5000000"),
        ("500mg", "500 mg"),
        ("5 kilometers", "5 km"),
        ("3 hours", "3 hrs"),
        ("20%", "20 percent"),
        ("the 1st", "the 1"),
    ],
)
def test_ways_of_writing_a_quantity_are_one(one: str, other: str) -> None:
    """Signs, separators, scales and names of units."""
    assert found(one) == found(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 km", "5 miles"),
        ("$5", "5 euros"),
        ("python 3.1", "python 3.10"),
        ("order a-12", "order a-13"),
        ("5 mg", "5 g"),
        ("b12", "b6"),
    ],
)
def test_different_quantities_stay_different(one: str, other: str) -> None:
    """Units, currencies, versions and ids count."""
    left, right = unshared(found(one), found(other))

    assert left
    assert right


def test_a_missing_unit_is_taken_to_be_the_other_one() -> None:
    """Who writes "transfer 500" to a bank means its currency."""
    assert unshared(("500 usd",), ("500",)) == (set(), set())


def test_a_number_that_one_side_lacks_is_unshared() -> None:
    """On that side only."""
    assert unshared(("5", "7"), ("5",)) == ({"7"}, set())
