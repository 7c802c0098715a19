from io import StringIO

from rich.console import Console

from sparingly.replay.showing import page, tables
from tests.replay.test_report import make_report


def _shown(trouble: dict[str, int] | None = None) -> str:
    console = Console(file=StringIO(), width=100)
    console.print(tables(make_report(trouble=trouble)))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_money_is_shown_beside_wrong_hits() -> None:
    """Savings are never shown alone."""
    lines = {row.split("│")[1].strip(): row.split("│") for row in _shown().splitlines() if "│" in row}

    assert [cell.strip() for cell in lines["cache only"][2:5]] == ["3.000000", "25.00 %", "3"]
    assert [cell.strip() for cell in lines["both"][2:5]] == ["1.000000", "75.00 %", "3"]
    assert [cell.strip() for cell in lines["routing only"][2:5]] == ["2.000000", "50.00 %", "0"]


def test_trouble_is_not_hidden() -> None:
    """A replay that lost its store says so."""
    assert "store-error" not in _shown()
    assert "trouble: store-error" in _shown(trouble={"store-error": 2})


def test_the_page_needs_nothing_else() -> None:
    """No script, no outside file; it names log and config by their checksums."""
    text = page(make_report())

    assert "<script" not in text
    assert "http" not in text
    assert "ab" * 32 in text
    assert "cd" * 32 in text
    assert "wrong hits" in text
