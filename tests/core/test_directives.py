"""What a caller may ask of the cache."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.directives import Directives, directives_of, pin_of, read_directives
from sparingly.errors import InvalidRequest


def _read(
    cache_control: str | None = None, *, max_error: str | None = None, tags: str | None = None
) -> Directives:
    return read_directives(cache_control=cache_control, max_error=max_error, tags=tags)


@pytest.mark.parametrize(
    ("cache_control", "directives"),
    [
        (None, Directives()),
        ("", Directives()),
        (" , ,", Directives()),
        ("no-cache", Directives(look=False)),
        ("no-store", Directives(look=False, keep=False)),
        ("no-cache, no-store", Directives(look=False, keep=False)),
        ("only-if-cached", Directives(only_if_cached=True)),
        ("max-age=60", Directives(max_age_s=60.0)),
        ("max-age=0", Directives(max_age_s=0.0)),
        ('max-age="60"', Directives(max_age_s=60.0)),
        ("MAX-AGE = 60 ,Min-Fresh=5", Directives(max_age_s=60.0, min_fresh_s=5.0)),
        ("only-if-cached,max-age=9", Directives(only_if_cached=True, max_age_s=9.0)),
        ("max-age=99999999999999999999", Directives(max_age_s=9_999_999_999.0)),
        ("no-transform, max-stale, max-stale=5, stale-if-error=9", Directives()),
        ("private, community=UCI, =", Directives()),
    ],
)
def test_cache_control_says_how_the_cache_is_used(cache_control: str | None, directives: Directives) -> None:
    """RFC 9111, section 5.2.1; unknown directives are ignored, as its section 5.2.3 has it."""
    assert _read(cache_control) == directives


@pytest.mark.parametrize(
    ("cache_control", "named"),
    [
        ("max-age", "max-age"),
        ("max-age=", "max-age"),
        ("max-age=soon", "'soon'"),
        ("max-age=-1", "'-1'"),
        ("max-age=1.5", "'1.5'"),
        ("max-age=٣", "max-age"),
        ("min-fresh=x", "min-fresh"),
        ("only-if-cached, no-cache", "only-if-cached"),
        ("no-store, only-if-cached", "only-if-cached"),
    ],
)
def test_a_directive_that_makes_no_sense_is_the_callers_error(cache_control: str, named: str) -> None:
    """It names the header and what is wrong: guessing could serve an answer the caller does not want."""
    with pytest.raises(InvalidRequest, match=named) as caught:
        _read(cache_control)

    assert caught.value.field == "Cache-Control"


@pytest.mark.parametrize(
    ("value", "share"),
    [(None, None), ("0", 0.0), ("0.01", 0.01), ("1", 1.0), (" 0.5 ", 0.5), ("1e-3", 0.001)],
)
def test_a_caller_may_bound_the_error(value: str | None, share: float | None) -> None:
    """A share of wrong hits, from 0 to 1."""
    assert _read(max_error=value).max_error == share


@pytest.mark.parametrize("value", ["", "1%", "-0.1", "1.01", "nan", "inf", "-inf", "x" * 500])
def test_a_bound_that_is_no_share_is_the_callers_error(value: str) -> None:
    """Nor is a long header sent back whole."""
    with pytest.raises(InvalidRequest, match="x-sparingly-max-error") as caught:
        _read(max_error=value)

    assert caught.value.field == "x-sparingly-max-error"
    assert len(caught.value.message) < 150


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (None, ()),
        ("", ()),
        (" , ", ()),
        ("faq", ("faq",)),
        ("faq, v2 ,faq", ("faq", "v2")),
        (",".join(f"t{n}" for n in range(16)), tuple(f"t{n}" for n in range(16))),
        ("x" * 64, ("x" * 64,)),
    ],
)
def test_tags_are_a_short_list_of_names(value: str | None, tags: tuple[str, ...]) -> None:
    """Each once, in the order they came."""
    assert _read(tags=value).tags == tags


@pytest.mark.parametrize("value", [",".join(f"t{n}" for n in range(17)), "x" * 65])
def test_tags_are_no_place_to_store_text(value: str) -> None:
    """They become an index."""
    with pytest.raises(InvalidRequest) as caught:
        _read(tags=value)

    assert caught.value.field == "x-sparingly-tags"


@given(st.text(max_size=40), st.text(max_size=10), st.text(max_size=40))
def test_whatever_the_headers_hold_they_are_read_or_refused(control: str, error: str, tags: str) -> None:
    """Never another exception."""
    with suppress(InvalidRequest):
        found = read_directives(cache_control=control, max_error=error, tags=tags)

        assert found.look or not found.only_if_cached


def test_what_a_caller_says_is_found_among_the_headers() -> None:
    """By lower-case names."""
    headers = {"cache-control": "no-cache", "x-sparingly-tags": "a", "x-sparingly-max-error": "0.1"}

    assert directives_of(headers) == Directives(look=False, max_error=0.1, tags=("a",))
    assert directives_of({}) == Directives()


@pytest.mark.parametrize(
    ("headers", "pin"),
    [({"x-sparingly-model": " gpt-4o "}, "gpt-4o"), ({"x-sparingly-model": " "}, None), ({}, None)],
)
def test_a_caller_may_insist_on_a_model(headers: dict[str, str], pin: str | None) -> None:
    """Blanks are no model."""
    assert pin_of(headers) == pin
