import gzip
from pathlib import Path

import pytest
import zstandard

from sparingly.errors import LogError
from sparingly.upstreams.simulated_log import answer_to, read_answers

LINES = (
    b'{"id": "1", "time": 0, "request": {"model": "a", "messages": [{"role": "user", "content": "q"}]},'
    b' "response": {"choices": []}}\n'
    b"\n"
    b'{"id": "2", "time": 1, "request": {"model": "b", "messages": [{"content": "q", "role": "user"}]},'
    b' "response": {"choices": [1]}}\n'
    b'{"id": "3", "time": 2, "request": {"messages": [{"role": "user", "content": "none"}]}, "response": null}\n'
    b'{"id": "4", "time": 3, "path": "/v1/embeddings", "request": {"input": "q"}, "response": {"data": []}}\n'
)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_logged_answer_is_found_by_its_messages(tmp_path: Path, suffix: str) -> None:
    """Whatever the model, the order of keys or the way it is streamed; the first answer counts."""
    path = tmp_path / f"log.jsonl{suffix}"
    packed = {"": LINES, ".gz": gzip.compress(LINES), ".zst": zstandard.compress(LINES)}[suffix]
    path.write_bytes(packed)

    answers = read_answers(path)

    asked = b'{"stream": true, "messages": [{"content": "q", "role": "user"}], "model": "z"}'
    assert len(answers) == 1
    assert answer_to(asked, answers) == b'{"choices": []}'


@pytest.mark.parametrize("body", [b'{"messages": [{"role": "user", "content": "other"}]}', b"{", b"[]", b""])
def test_what_was_not_logged_has_no_answer(tmp_path: Path, body: bytes) -> None:
    """Nor has what cannot be read."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(LINES)

    assert answer_to(body, read_answers(path)) is None


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    """With file and number."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(LINES + b'{"request": 3}\n')

    with pytest.raises(LogError, match=r"log\.jsonl, line 6: .*request"):
        read_answers(path)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    """A compressed file cut short counts as broken."""
    cut = tmp_path / "log.jsonl.gz"
    cut.write_bytes(gzip.compress(LINES)[:-20])

    with pytest.raises(LogError, match=r"nowhere\.jsonl"):
        read_answers(tmp_path / "nowhere.jsonl")
    with pytest.raises(LogError, match=r"log\.jsonl\.gz"):
        read_answers(cut)
