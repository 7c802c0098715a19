import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.judging.standing import Standing, is_revoked, told, weighed

standings = st.builds(Standing, st.integers(0, 50), st.integers(0, 50))


def test_a_denied_entry_is_revoked() -> None:
    """One denial is enough where nobody has confirmed it."""
    assert is_revoked(told(Standing(), "wrong"))


def test_an_entry_that_nobody_spoke_of_stands() -> None:
    """No evidence is not evidence against it."""
    assert not is_revoked(Standing())


@pytest.mark.parametrize(("confirmed", "revoked"), [(6, True), (7, False)])
def test_confirmations_outweigh_a_denial_in_time(confirmed: int, *, revoked: bool) -> None:
    """Right in four of five, by the posterior mean: (1 + 7) / (2 + 8)."""
    assert is_revoked(Standing(confirmed, 1)) is revoked


@given(standings)
def test_a_word_moves_trust_its_own_way(standing: Standing) -> None:
    """Right raises it, wrong lowers it."""
    assert told(standing, "wrong").trust < standing.trust < told(standing, "right").trust


@given(standings, st.floats(0.0, 1.0))
def test_no_standing_makes_a_match_easier(standing: Standing, probability: float) -> None:
    """What the judge said is the most; a denial can only take from it."""
    assert weighed(probability, standing) <= probability
    assert weighed(probability, told(standing, "wrong")) <= weighed(probability, standing)


def test_confirmations_alone_change_nothing() -> None:
    """Trust in an entry says nothing of how well it fits another question."""
    assert weighed(0.9, Standing(confirmed=100)) == 0.9
