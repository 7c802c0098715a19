"""What labelled pairs have taught about single words."""

from sparingly.core.evidence.substitutions import Substitutions, features
from tests.core.evidence.readings import reading


def test_unshared_words_and_what_replaces_them_are_weighed() -> None:
    """A pair is named in the order of the alphabet, whichever side has which."""
    learned = Substitutions({"buy|sell": 2.0, "buy": 0.5}, bias=-1.0)

    assert learned.score(reading("buy a card"), reading("sell a card")) == 1.5
    assert learned.score(reading("sell a card"), reading("buy a card")) == 1.5
    assert learned.score(reading("a card"), reading("a card")) == -1.0


def test_kinds_of_questions_are_a_feature() -> None:
    """Also in the order of the alphabet."""
    assert "?place|way" in set(features(reading("where do I pay"), reading("how do I pay")))


def test_a_pair_with_much_unshared_is_no_substitution() -> None:
    """Single words still count."""
    found = set(features(reading("buy"), reading("one zwei trois quattro cinco sechs siete huit")))

    assert not any("|" in name and not name.startswith("?") for name in found)
    assert "buy" in found
