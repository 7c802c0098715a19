"""`sparingly explain`: a request file in, an explanation out."""

import argparse
from pathlib import Path

import pytest

from sparingly.commands import explain
from sparingly.commands.explain import add_explain, run_explain
from sparingly.errors import StartupError


def _options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_explain(parser)
    return parser.parse_args(words)


def test_a_request_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """In one line, with its name."""
    with pytest.raises(StartupError, match=r"none\.json"):
        run_explain(_options(str(tmp_path / "none.json")))


def test_what_is_too_large_is_no_request(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(explain._MOST_BYTES + 1)

    with pytest.raises(StartupError, match="that is no request"):
        run_explain(_options(str(path)))


@pytest.mark.parametrize("line", ["x-team", ": a", "x-team\u00e9: a"])
def test_a_header_that_is_none_is_told(tmp_path: Path, line: str) -> None:
    """With what was expected."""
    path = tmp_path / "request.json"
    path.write_text("{}")

    with pytest.raises(StartupError, match="--header: expected 'name: value'"):
        run_explain(_options(str(path), "--header", "x-a: b", "--header", line))
