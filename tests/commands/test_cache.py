"""`sparingly cache`: what is printed, what is done, and the exit code."""

import json
from pathlib import Path

import pytest

from sparingly.commands.cache import open_steering
from sparingly.core.keeping.cache_lines import line_of
from sparingly.errors import InvalidRequest, StartupError
from tests.commands.room import FAQ, OTHER, Room, a_room, options_of

pytestmark = pytest.mark.anyio


async def run(room: Room, *words: str) -> int:
    options = options_of(*words)
    code: int = await options.work(room.steering, options)
    return code


async def test_show_counts(capsys: pytest.CaptureFixture[str]) -> None:
    async with a_room() as room:
        assert await run(room, "show", "--json") == 0

    assert json.loads(capsys.readouterr().out)["by_model"] == {"gpt-4o": 1, "small": 1}


async def test_search_finds_by_meaning_and_by_words(capsys: pytest.CaptureFixture[str]) -> None:
    async with a_room() as room:
        await run(room, "search", "How do I pay?", "--min-similarity", "0.9", "--json")
        await run(room, "search", "PAY", "--text", "--json")
        await run(room, "search", "--tag", "faq", "--json")

    found = [json.loads(line)["entries"] for line in capsys.readouterr().out.splitlines()]
    assert [[one["source"] for one in entries] for entries in found] == [["r1"]] * 3


async def test_a_search_without_a_find_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    async with a_room() as room:
        assert await run(room, "search", "--tag", "nope") == 0

    assert "no entry matches" in capsys.readouterr().out


async def test_what_is_stored_does_no_harm_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """No control sequence of a stored text is printed, and its markup is not obeyed."""
    async with a_room() as room:
        await run(room, "search")

    out = capsys.readouterr().out
    assert "\x1b[2J" not in out
    assert "\u202e" not in out
    assert "[bold]" in "".join(out.split())


async def test_forget_is_a_dry_run_first(capsys: pytest.CaptureFixture[str]) -> None:
    async with a_room() as room:
        assert await run(room, "forget", "--tag", "faq") == 0
        assert room.sources == {"r1", "r2"}
        assert "would forget 1 entries; add --yes" in capsys.readouterr().out

        assert await run(room, "forget", "--tag", "faq", "--yes") == 0
        assert room.sources == {"r2"}


@pytest.mark.parametrize(
    "words",
    [
        ("r1",),
        (FAQ.digest,),
        ("--query", "How do I pay?"),
        ("--query", "pay", "--text"),
        ("--model", "gpt-4o"),
        ("--tenant", "acme", "--tag", "faq"),
        ("--tag", "faq", "--older-than", "5s"),
    ],
)
async def test_entries_are_forgotten_by_whatever_names_them(words: tuple[str, ...]) -> None:
    async with a_room() as room:
        assert await run(room, "forget", *words, "--yes") == 0

        assert room.sources == {"r2"}


@pytest.mark.parametrize("more", [(), ("--yes",)])
async def test_forgetting_nothing_says_so_and_fails(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A script must notice that its tag is misspelled."""
    async with a_room() as room:
        assert await run(room, "forget", "--tag", "nope", *more) == 1

        assert room.sources == {"r1", "r2"}
    assert "nothing matches" in capsys.readouterr().err


async def test_forget_wants_to_know_what() -> None:
    async with a_room() as room:
        with pytest.raises(StartupError, match="forget what"):
            await run(room, "forget", "--yes")

        assert room.sources == {"r1", "r2"}


@pytest.mark.parametrize("words", [("--older-than", "soon"), ("--query", "a", "--min-similarity", "7")])
async def test_a_condition_that_cannot_be_read_forgets_nothing(words: tuple[str, ...]) -> None:
    async with a_room() as room:
        with pytest.raises(InvalidRequest):
            await run(room, "forget", *words, "--yes")

        assert room.sources == {"r1", "r2"}


async def test_flush_is_a_dry_run_first() -> None:
    async with a_room() as room:
        assert await run(room, "flush") == 0
        assert room.sources == {"r1", "r2"}

        assert await run(room, "flush", "--yes") == 0
        assert room.sources == set()


async def test_an_export_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No unfinished file stays behind."""
    file = tmp_path / "cache.jsonl"
    async with a_room() as room:
        assert await run(room, "export", str(file)) == 0
        await run(room, "flush", "--yes")

        assert await run(room, "import", str(file)) == 0

        assert room.sources == {"r1", "r2"}
    assert not (tmp_path / "cache.jsonl.unfinished").exists()
    assert "imported 2 entries; 0 were here already, 0 had expired" in capsys.readouterr().out


async def test_a_malformed_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cache.jsonl"
    file.write_bytes(line_of(OTHER) + b"{}\n")
    async with a_room(FAQ) as room:
        with pytest.raises(InvalidRequest, match=r"cache\.jsonl, line 2: not an exported entry"):
            await run(room, "import", str(file))

        assert room.sources == {"r1"}


@pytest.mark.parametrize("words", [("import", "missing.jsonl"), ("export", "missing/cache.jsonl")])
async def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path, words: tuple[str, str]) -> None:
    async with a_room() as room:
        with pytest.raises(StartupError, match="missing"):
            await run(room, words[0], str(tmp_path / words[1]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "--url", "http://127.0.0.1:1", "--data", "here"), "one of the two"),
        (("show", "--config", "a.yaml"), "--config goes with --data"),
        (("show", "--url", "nonsense"), "--url: expected something like"),
    ],
)
async def test_places_that_contradict_each_other_are_told(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(StartupError, match=message):
        async with open_steering(options_of(*words), {}):
            pass
