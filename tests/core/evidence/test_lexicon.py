"""The tables of words."""

from sparingly.core.evidence.lexicon import ANTONYMS, STOP


def test_opposition_goes_both_ways() -> None:
    """And nothing is its own opposite."""
    assert all(word in ANTONYMS[other] for word, others in ANTONYMS.items() for other in others)
    assert not any(word in others for word, others in ANTONYMS.items())


def test_the_asking_words_carry_no_weight() -> None:
    """They are compared as kinds."""
    assert {"what", "how", "why", "the"} <= STOP
