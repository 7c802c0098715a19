"""`sparingly explain`: a request file in, an explanation out."""

import argparse
import json
from pathlib import Path

import pytest

from sparingly.commands import explain
from sparingly.commands.explain import add_explain, run_explain
from sparingly.errors import InvalidRequest, StartupError
from sparingly.protocols.dialects import INBOUND


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


def test_a_request_that_could_be_of_two_dialects_is_told(tmp_path: Path) -> None:
    """With the file's name; `--dialect` says which it is."""
    path = tmp_path / "request.json"
    body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
    path.write_text(json.dumps(body))
    (tmp_path / "gateway.yaml").write_text("providers: {sim: {kind: simulated}}\n")
    place = ("--config", str(tmp_path / "gateway.yaml"), "--data", str(tmp_path / "data"))

    with pytest.raises(InvalidRequest, match=r"request\.json: .*say which"):
        run_explain(_options(str(path), *place))
    with pytest.raises(InvalidRequest, match=r"request\.json: .*`input` is missing"):
        run_explain(_options(str(path), *place, "--dialect", "openai-responses"))


def test_every_dialect_there_is_can_be_said() -> None:
    assert set(explain.DIALECTS) == set(INBOUND)


@pytest.mark.parametrize("line", ["x-team", ": a", "x-team\u00e9: a"])
def test_a_header_that_is_none_is_told(tmp_path: Path, line: str) -> None:
    """With what was expected."""
    path = tmp_path / "request.json"
    path.write_text("{}")

    with pytest.raises(StartupError, match="--header: expected 'name: value'"):
        run_explain(_options(str(path), "--header", "x-a: b", "--header", line))
