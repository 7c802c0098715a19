"""What the store keeps."""

import msgspec

from sparingly.core.entry import Entry, Selector
from tests.asks import entry, mark


def test_an_entry_survives_being_stored() -> None:
    """Every field, times and tags included."""
    kept = entry(tags=("faq", "v2"), hits=3, cost_nano=12_345, worth=1.5)

    assert msgspec.json.decode(msgspec.json.encode(kept), type=Entry) == kept


def test_an_entry_for_the_exact_tier_has_no_text() -> None:
    """None, not empty: empty text would be compared."""
    kept = msgspec.structs.replace(entry(mark()), text=None)

    assert msgspec.json.decode(msgspec.json.encode(kept), type=Entry).text is None


def test_a_selector_that_names_nothing_has_no_condition() -> None:
    """Stores take it to select nothing: the contract suite checks them."""
    empty = Selector()

    assert all(not value for value in msgspec.structs.astuple(empty))
