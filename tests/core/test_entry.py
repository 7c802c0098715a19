"""What the store keeps."""

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Entry, Place, Scope, Selector, is_selected, place_of, unread_mark
from tests.asks import NOW, entry, mark


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


KEPT = entry(tags=("faq", "v2"), source="r9", created_at=NOW)


@pytest.mark.parametrize(
    ("selector", "is_one"),
    [
        (Selector(digests=(KEPT.digest, Digest("a"))), True),
        (Selector(digests=(Digest("a"),)), False),
        (Selector(tenant=KEPT.tenant), True),
        (Selector(tenant=Tenant("globex")), False),
        (Selector(tag="v2"), True),
        (Selector(tag="v"), False),
        (Selector(served=KEPT.served), True),
        (Selector(served="other"), False),
        (Selector(older_than=NOW + 1.0), True),
        (Selector(older_than=NOW), False),
        (Selector(sources=("r8", "r9")), True),
        (Selector(sources=("r8",)), False),
        (Selector(scope=KEPT.scope), True),
        (Selector(scope=Scope("s")), False),
        (Selector(tag="v2", served="other"), False),
        (Selector(), False),
    ],
)
def test_an_entry_is_selected_when_every_condition_holds(selector: Selector, *, is_one: bool) -> None:
    """And by no condition at all it is not."""
    assert is_selected(KEPT, selector) is is_one


def test_the_place_of_an_entry_is_its_time_and_digest() -> None:
    assert place_of(KEPT) == Place(NOW, KEPT.digest)


def test_unread_words_are_equal_in_one_order_only() -> None:
    """Case aside; none have no mark, and no two words are one."""
    assert unread_mark(["\u00c4b", "c"]) == unread_mark(["\u00e4B", "C"]) != unread_mark(["c", "\u00e4b"])
    assert unread_mark(["ab"]) != unread_mark(["a", "b"])
    assert unread_mark([]) == ""
