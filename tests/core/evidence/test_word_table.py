"""What is known of single words."""

from sparingly.core.evidence.reading import read
from sparingly.core.evidence.word_table import empty_table


def test_an_empty_table_finds_every_word_rare() -> None:
    """And reads any text."""
    found = read("reset my password", empty_table())

    assert found.weights == {"reset": 1.0, "password": 1.0}
    assert not found.vectors.any()
