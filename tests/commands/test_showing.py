"""Tables for people: everything is in them, and nothing that does harm."""

from io import StringIO

import msgspec
import pytest
from rich.console import Console, RenderableType

from sparingly.commands.showing import age, entries_table, explanation_tables, overview_tables, plain
from sparingly.core.chat import Tenant
from sparingly.core.keeping.curation import shown
from sparingly.pipeline.steering.curating import Overview
from sparingly.pipeline.steering.explaining import Needed
from tests.asks import NOW, TENANT
from tests.commands.room import FAQ, a_room
from tests.pipeline.wire import request_body

pytestmark = pytest.mark.anyio


def printed(*parts: RenderableType) -> str:
    out = StringIO()
    Console(file=out, width=200).print(*parts)
    return " ".join(out.getvalue().split())


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ("a\nb\t c", "a b c"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b[31mx", "\N{REPLACEMENT CHARACTER}[31mx"),
        ("x" * 200, "x" * 119 + "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_words_of_others_are_plain(words: str, cell: str) -> None:
    """One line, cut, no markup, no control sequence."""
    assert plain(words).plain == cell


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0s"), (59, "59s"), (60, "1m"), (7_200, "2h"), (864_000, "10d")]
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_an_entry_is_a_row() -> None:
    text = printed(entries_table([shown(FAQ, similarity=0.5)], now=NOW, title="Entries"))

    for words in (FAQ.digest, "0.500", "9s", "acme", "gpt-4o", "How do I pay?", "Paris."):
        assert words in text


def test_an_overview_leaves_out_what_there_is_none_of() -> None:
    text = printed(*overview_tables(Overview(1_234, {"acme": 1_234}, {"small": 1_234}, {})))

    assert "1,234" in text
    assert "By tenant" in text
    assert "By tag" not in text


async def test_an_explanation_shows_the_whole_way_of_a_request() -> None:
    """Fingerprint, eligibility, neighbors, verdict and route."""
    async with a_room() as room:
        found = await room.steering.explain(request_body("How do I pay?"), tenant=Tenant(TENANT))

    text = printed(*explanation_tables(found))

    for words in (
        found.fingerprint.scope,
        found.fingerprint.digest,
        "semantic: closeness may be tried",
        "similarity",
        "verdict exact" if found.ruling.verdict == "exact" else "verdict",
        found.ruling.reason,
        "gpt-4o at one",
    ):
        assert words in " ".join(text.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        (Needed(similarity=0.97), "a hit needs similarity 0.97"),
        (Needed(probability=0.8), "a hit needs probability 0.8000"),
        (
            Needed(probability=0.8, max_error=0.01, live=0.9),
            "probability 0.8000, for errors of at most 0.01; since labels spoke against it, 0.9000",
        ),
        (
            Needed(max_error=0.001, is_closed=True),
            "an equal request: closeness is not enough, for errors of at most 0.001",
        ),
    ],
)
async def test_what_a_hit_needs_is_said(needed: Needed, words: str) -> None:
    async with a_room() as room:
        found = await room.steering.explain(request_body("How do I pay?"), tenant=Tenant(TENANT))

    text = printed(*explanation_tables(msgspec.structs.replace(found, needed=needed)))

    assert words in " ".join(text.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())
