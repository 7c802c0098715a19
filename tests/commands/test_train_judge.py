"""The command that fits a judge."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sparingly.cli import main
from sparingly.commands.train_judge import embedding, name_of
from sparingly.embedders.fastembed_model import Reading
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


class Lengths:
    """Embeds a text as its length, twice."""

    window_tokens = 50

    def __init__(self) -> None:
        self.batches: list[int] = []

    def read(self, text: str) -> Reading:
        if text == "?":
            raise TextUnreadable("words that look alike")
        return Reading(text, [1] * len(text))

    def vectors(self, readings: Sequence[Reading]) -> list[npt.NDArray[np.float32]]:
        self.batches.append(len(readings))
        return [np.full(2, len(reading.ids), dtype=np.float32) for reading in readings]


def test_texts_are_embedded_in_batches_and_keep_their_places() -> None:
    """One that cannot be embedded has zeros."""
    model = Lengths()

    found = embedding(model)(["aaa", "?", "b", "c" * 51] + ["dd"] * 30)

    assert found[:5, 0].tolist() == [3, 0, 1, 0, 2]
    assert model.batches == [16, 16]


def test_texts_of_which_none_can_be_embedded_are_an_error() -> None:
    """A judge fitted on nothing would say nothing."""
    with pytest.raises(EmbedderError):
        embedding(Lengths())(["?"])
