"""Ages and dates as people write them."""

import pytest

from sparingly.core.keeping.moments import moment_of
from tests.asks import NOW


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30s", NOW - 30),
        ("90m", NOW - 5_400),
        ("24h", NOW - 86_400),
        (" 7d ", NOW - 604_800),
        ("2 w", NOW - 1_209_600),
        ("1970-01-02", 86_400.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
    ],
)
def test_a_moment_is_an_age_or_a_date(text: str, moment: float) -> None:
    """Dates without a zone are UTC."""
    assert moment_of(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "-7d", "7", "7y", "1e9d", "2026-13-01", "d", "9" * 12 + "d"])
def test_anything_else_is_told_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected 7d"):
        moment_of(text, now=NOW)
