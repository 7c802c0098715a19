"""Reading pairs and raw questions."""

import gzip
from pathlib import Path

import pytest

from sparingly.errors import StartupError
from sparingly.learning.judge.labelled_pairs import RawText, read_pairs, read_texts


def test_pairs_are_read_with_what_they_leave_out(tmp_path: Path) -> None:
    """The group is the first question's, and equal questions are of one class."""
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(
        gzip.compress(
            b'{"a": "x", "b": "y", "same": true}\n\n{"a": "x", "b": "z", "same": false, "group": "g"}'
        )
    )

    same, different = read_pairs(path)

    assert same.group == "x"
    assert same.class_a == same.class_b == different.class_a
    assert different.class_b != different.class_a
    assert different.group == "g"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": "x", "b": "y"}', "line 2: .*same"),
        ('{"a": "x", "b": "y", "same": "yes"}', "line 2: .*bool"),
        ('{"a": " ", "b": "y", "same": true}', "line 2: a question is empty"),
        ("{", "line 2: "),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    """File, line and reason."""
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"a": "x", "b": "y", "same": true}\n' + line)

    with pytest.raises(StartupError, match=f"pairs.jsonl, {reason}"):
        read_pairs(path)


def test_files_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    """Missing, empty, cut off."""
    empty, cut = tmp_path / "empty.jsonl", tmp_path / "cut.jsonl.gz"
    empty.write_text("\n")
    cut.write_bytes(gzip.compress(b'{"a": "x"}')[:-4])

    for path, reason in ((tmp_path / "no.jsonl", "cannot read"), (empty, "no pairs"), (cut, "cannot read")):
        with pytest.raises(StartupError, match=reason):
            read_pairs(path)


def test_raw_questions_may_be_called_text_or_question(tmp_path: Path) -> None:
    """Neither is an error that names the line."""
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "a"}\n{"question": "b", "intent": "greet"}\n')
    assert read_texts(path) == [RawText("a"), RawText("b", "greet")]

    path.write_text('{"text": "a"}\n{"intent": "b"}\n')
    with pytest.raises(StartupError, match=r"line 2: neither"):
        read_texts(path)


def test_a_line_may_say_which_part_it_is_in(tmp_path: Path) -> None:
    """Otherwise its group tells."""
    path = tmp_path / "pairs.jsonl"
    path.write_text(
        '{"a": "x", "b": "y", "same": true, "split": "report"}\n{"a": "x", "b": "z", "same": true, "split": "train"}'
    )

    assert [pair.split for pair in read_pairs(path)] == ["report", "train"]
