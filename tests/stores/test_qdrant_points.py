import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.entry import Selector
from sparingly.stores.qdrant_points import (
    INDEXED,
    Among,
    Before,
    Condition,
    Equals,
    HasVector,
    Payload,
    comparable_in,
    entry_of,
    expired,
    fresh,
    in_scope,
    payload_of,
    selected,
)
from tests.asks import NOW, entry

ENTRY = entry(worth=1.5, hits=2, tags=("faq",))


def test_an_entry_and_its_payload_are_the_same() -> None:
    assert entry_of(payload_of(ENTRY, comparable=True)) == ENTRY


def test_the_fields_of_a_touch_win_over_the_text() -> None:
    """A touch writes two fields, not the whole entry."""
    touched = msgspec.structs.replace(payload_of(ENTRY, comparable=True), worth=9.0, hits=7)

    read = entry_of(touched)

    assert read == msgspec.structs.replace(ENTRY, worth=9.0, hits=7)


def test_a_payload_survives_an_engine_that_drops_the_point_of_whole_numbers() -> None:
    """JSON does not tell 5.0 from 5."""
    fields = msgspec.to_builtins(payload_of(ENTRY, comparable=True)) | {"expires_at": 5}

    assert msgspec.convert(fields, Payload).expires_at == 5.0


def test_every_indexed_field_is_a_field() -> None:
    """A condition on a field without an index is refused by servers in strict mode."""
    assert set(INDEXED) <= {field.name for field in msgspec.structs.fields(Payload)}


@pytest.mark.parametrize(
    ("selector", "conditions"),
    [
        (Selector(), ()),
        (Selector(digests=(ENTRY.digest,)), (Among((ENTRY.digest,)),)),
        (Selector(tenant=Tenant("")), (Equals("tenant", ""),)),
        (Selector(tag="faq", served="m"), (Equals("tags", "faq"), Equals("served", "m"))),
        (Selector(older_than=0.0), (Before("created_at", 0.0),)),
    ],
)
def test_a_selector_is_the_sum_of_its_conditions(
    selector: Selector, conditions: tuple[Condition, ...]
) -> None:
    """What is given counts, even when it is empty or zero."""
    assert selected(selector) == conditions


def test_conditions_are_on_indexed_fields_only() -> None:
    everything = Selector(digests=(ENTRY.digest,), tenant=ENTRY.tenant, tag="t", served="m", older_than=NOW)

    conditions = (*selected(everything), *in_scope(ENTRY.scope), *fresh(NOW), *expired(NOW))

    assert {
        condition.field for condition in conditions if not isinstance(condition, Among | HasVector)
    } <= set(INDEXED)


def test_comparable_entries_have_a_vector() -> None:
    assert comparable_in(ENTRY.scope) == (*in_scope(ENTRY.scope), HasVector())
