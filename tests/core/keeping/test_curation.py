"""What an operator asks of the cache, read strictly."""

import msgspec
import pytest

from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Place, Selector
from sparingly.core.keeping.curation import Wish, cursor_of, digests_among, read_cursor, selector_of, shown
from sparingly.errors import InvalidRequest
from tests.asks import NOW, answer, entry

DIGEST = Digest("0123456789abcdef" * 2)


def test_a_wish_becomes_a_selector() -> None:
    """The model that answered is what an entry was served by; an age counts back from now."""
    wish = Wish(tenant="acme", tag="faq", model="gpt-4o", older_than="2h")

    selector = selector_of(wish, now=NOW)

    assert selector == Selector(tenant=Tenant("acme"), tag="faq", served="gpt-4o", older_than=NOW - 7_200)


def test_empty_texts_are_no_conditions() -> None:
    """A form's empty field, or a shell's empty variable, must not select everything or nothing by accident."""
    wish = Wish(tenant="", tag="", model="", older_than="", query="")

    assert selector_of(wish, now=NOW) == Selector()
    assert wish.names_nothing


@pytest.mark.parametrize(
    "wish",
    [
        Wish(ids=("a",)),
        Wish(tenant="a"),
        Wish(tag="a"),
        Wish(model="a"),
        Wish(older_than="1d"),
        Wish(query="a"),
    ],
)
def test_any_condition_names_something(wish: Wish) -> None:
    assert not wish.names_nothing


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(older_than="soon"), "older_than"),
        (Wish(query="a", min_similarity=1.5), "min_similarity"),
        (Wish(query="a", min_similarity=float("nan")), "min_similarity"),
        (Wish(ids=("a",) * 1_001), "ids"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_field(wish: Wish, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        selector_of(wish, now=NOW)

    assert caught.value.field == field


def test_only_whole_digests_go_to_the_store() -> None:
    """An engine takes nothing else for a point's id."""
    ids = (DIGEST, DIGEST.upper(), DIGEST[:-1], "req-1", "", DIGEST + "\n")

    assert digests_among(ids) == (DIGEST,)


@pytest.mark.parametrize("created_at", [NOW, NOW + 0.123456789, 0.0, 1e-9])
def test_a_cursor_leads_back_to_its_place(created_at: float) -> None:
    """To the last bit, so that no entry is passed over."""
    place = Place(created_at, DIGEST)

    assert read_cursor(cursor_of(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "====",
        "\u00e9",
        "MTIz",
        cursor_of(Place(float("inf"), DIGEST)),
        cursor_of(Place(1.0, Digest("a"))),
    ],
)
def test_a_cursor_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        read_cursor(text)


def test_what_is_shown_is_cut() -> None:
    """A listing of a thousand answers must fit a terminal and a reply."""
    long = msgspec.structs.replace(entry(said=answer("a" * 5_000)), text="q" * 5_000)

    seen = shown(long, similarity=0.5)

    assert seen.question is not None
    assert len(seen.question) == len(seen.answer) == 400
    assert seen.similarity == 0.5


def test_an_entry_of_the_exact_tier_shows_no_question() -> None:
    assert shown(msgspec.structs.replace(entry(), text=None)).question is None
