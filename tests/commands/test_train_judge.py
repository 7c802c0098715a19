"""The command that fits a judge."""

from pathlib import Path

import numpy as np
import pytest

from sparingly.cli import main
from sparingly.commands.train_judge import embedding, name_of
from sparingly.errors import EmbedderError, TextUnreadable


def test_a_wrong_line_ends_the_command_before_anything_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, file and line on stderr, nothing written."""
    pytest.importorskip("sklearn", reason="without scikit-learn the command says so first")
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"a": "x"}')

    code = main(["train-judge", str(path), "--out", str(tmp_path / "judge.bin")])

    assert code == 2
    assert "pairs.jsonl, line 1" in capsys.readouterr().err
    assert not (tmp_path / "judge.bin").exists()


def test_a_domain_has_the_name_of_its_file() -> None:
    """Without endings."""
    assert name_of(Path("data/qqp.jsonl.gz")) == "qqp"


def test_texts_are_embedded_in_batches_and_keep_their_places() -> None:
    """One that cannot be embedded has zeros."""
    batches: list[int] = []

    def vectors(texts: object) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        some = list(texts)  # type: ignore[call-overload]
        batches.append(len(some))
        return [np.full(2, len(text), dtype=np.float32) for text in some]

    def fits(text: str) -> bool:
        if text == "?":
            raise TextUnreadable("words that look alike")
        return len(text) < 50

    found = embedding(vectors, fits)(["aaa", "?", "b", "c" * 50] + ["dd"] * 30)

    assert found[:5, 0].tolist() == [3, 0, 1, 0, 2]
    assert batches == [16, 16]
    with pytest.raises(EmbedderError):
        embedding(vectors, fits)(["?"])
