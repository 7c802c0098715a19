"""Hard vetoes and who switches them."""

import numpy as np
import pytest

from sparingly.core.evidence.guards import GUARDS, PROFILES, guards_of, veto
from sparingly.core.evidence.pairing import NAMES


@pytest.mark.parametrize(
    ("column", "guard"),
    [
        ("numbers_conflict", "numbers"),
        ("numbers_missing", "numbers_missing"),
        ("negation", "negation"),
        ("swapped", "direction"),
        ("reversed", "direction"),
        ("opposites", "opposites"),
        ("names_conflict", "names"),
        ("names_unshared", "names_missing"),
    ],
)
def test_a_guard_speaks_by_its_columns(column: str, guard: str) -> None:
    """Only while it is on."""
    row = np.zeros(len(NAMES), dtype=np.float32)
    row[NAMES.index(column)] = 1

    assert veto(row, frozenset(GUARDS)) == guard
    assert veto(row, frozenset(GUARDS) - {guard}) is None


def test_unknown_evidence_is_no_veto() -> None:
    """It is -1."""
    assert veto(np.full(len(NAMES), -1, dtype=np.float32), frozenset(GUARDS)) is None


def test_switches_lie_over_the_profile_of_the_domain() -> None:
    """Both ways."""
    assert guards_of("medical", {}) == PROFILES["medical"]
    assert "numbers" not in guards_of("general", {"numbers": False})
    assert "names_missing" in guards_of("general", {"names_missing": True})
