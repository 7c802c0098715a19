"""Fitting a whole judge."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sparingly.core.evidence.pairing import NAMES
from sparingly.core.judging.model import dump_judge, load_judge
from sparingly.errors import StartupError
from sparingly.learning.judge.labelled_pairs import LabelledPair, RawText
from sparingly.learning.judge.train_judge import Material, train_judge, write_judge

SUBJECTS = ("card", "password", "account", "phone", "loan", "pin", "limit", "refund", "invoice", "router")


def pairs() -> list[LabelledPair]:
    found = []
    for number in range(40):
        for subject, other in pairwise(SUBJECTS):
            text = f"how do I reset my {subject} {number}"
            group = f"{number} {subject}"
            found.append(LabelledPair(text, f"please reset my {subject} {number}", True, group, text, text))
            found.append(
                LabelledPair(text, f"how do I reset my {other} {number}", False, group, text, f"{group}x")
            )
    return found


def fake_vectors(texts: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Bags of letters: like texts are near."""
    rows = []
    for text in texts:  # type: ignore[attr-defined]
        row = np.zeros(64, dtype=np.float32)
        for letter in text:
            row[ord(letter) % 64] += 1
        rows.append(row / (np.linalg.norm(row) + 1e-9))
    return np.array(rows, dtype=np.float32)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_judge_is_fitted_the_same_way_twice_and_can_tell_its_pairs_apart() -> None:
    """From pairs and raw questions, to the byte."""
    pytest.importorskip("sklearn", reason="scikit-learn fits the judge; the extra `train` has it")
    material = Material(
        pairs={"own": pairs()},
        texts={"raw": [RawText(f"How do I pay {n} euros?", intent=str(n % 2)) for n in range(40)]},
    )

    first, second = (
        train_judge(material, embedder="e", embed=fake_vectors, vocabulary={"pay": 9}, tell=lambda _: None)
        for _ in range(2)
    )
    judge = load_judge(dump_judge(first.judge), embedder="e", source="x")
    chances = judge.probabilities(first.calibrate.rows)

    assert dump_judge(first.judge) == dump_judge(second.judge)
    assert first.train.rows.shape[1] == len(NAMES)
    assert any(tag.startswith("raw:") for tag in first.train.tags)
    assert judge.stated == first.judge.stated
    assert all(0 < error < 1 and 0 <= point <= 1 for error, point in judge.stated)
    assert "raw:intent" in first.train.tags
    assert chances[first.calibrate.same].mean() > chances[~first.calibrate.same].mean() + 0.3


def test_pairs_of_one_label_only_are_refused() -> None:
    """The message says which part lacks what."""
    only_same = [pair for pair in pairs() if pair.same]

    with pytest.raises(StartupError, match="train part of the pairs"):
        train_judge(
            Material(pairs={"own": only_same}, texts={}),
            embedder="e",
            embed=fake_vectors,
            vocabulary={},
            tell=lambda _: None,
        )


def test_a_judge_that_cannot_be_written_is_the_operators_fault(tmp_path: Path) -> None:
    """The message names the place."""
    with pytest.raises(StartupError, match="cannot write"):
        write_judge(tmp_path / "no" / "judge.bin", b"")

    write_judge(tmp_path / "judge.bin", b"x")

    assert (tmp_path / "judge.bin").read_bytes() == b"x"
