"""Families of words for made pairs."""

import pytest

from sparingly.core.evidence.lexicon import ANTONYMS
from sparingly.learning.judge import swap_words

FAMILIES = (
    swap_words.ENTITIES, swap_words.PRODUCTS, swap_words.TIERS, swap_words.ROLES, swap_words.QUANTIFIERS,
    swap_words.UNITS, swap_words.ACTIONS, swap_words.ASKS, swap_words.MODALS, swap_words.SYNONYMS,
)  # fmt: skip


@pytest.mark.parametrize("families", FAMILIES)
def test_a_family_has_members_and_none_twice(families: tuple[tuple[str, ...], ...]) -> None:
    """A member alone could not be swapped."""
    for family in families:
        assert len(family) >= 2
        assert len(set(family)) == len(family)
        assert all(member and member == member.strip().lower() for member in family)


def test_synonyms_are_no_antonyms() -> None:
    """What is made to ask the same must not be what the guards forbid."""
    assert not [
        (one, other)
        for family in swap_words.SYNONYMS
        for one in family
        for other in family
        if other in ANTONYMS.get(one, ())
    ]
