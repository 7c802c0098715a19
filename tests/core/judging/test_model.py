"""The fitted judge as arrays and as a file."""

import hashlib

import msgspec
import numpy as np
import pytest

from sparingly.core.evidence.pairing import NAMES
from sparingly.core.judging.model import JudgeModel, Trees, dump_judge, load_judge
from sparingly.errors import StartupError
from tests.core.judging.judges import packaged_judge, small_judge, stump


def rows(**columns: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    found = np.zeros((1, len(NAMES)), dtype=np.float32)
    for name, value in columns.items():
        found[0, NAMES.index(name)] = value
    return found


def test_a_value_up_to_the_threshold_goes_left() -> None:
    """As in the library that fits the trees."""
    trees = stump("similarity", 0.5, low=-1.0, high=3.0)

    assert trees.sums(rows(similarity=0.5)).tolist() == [-1.0]
    assert trees.sums(rows(similarity=0.51)).tolist() == [3.0]


def test_trees_of_different_depth_add_up_for_every_row() -> None:
    """A leaf leads to itself until the deepest tree is done."""
    trees = Trees(
        roots=np.array([0, 5], dtype=np.intp),
        columns=np.array([0, 0, 1, 0, 0, 0, 0, 0], dtype=np.intp),
        thresholds=np.array([0, np.inf, 0, np.inf, np.inf, 1, np.inf, np.inf], dtype=np.float32),
        children=np.array([1, 2, 1, 1, 3, 4, 3, 3, 4, 4, 6, 7, 6, 6, 7, 7], dtype=np.intp),
        values=np.array([0, 1, 0, 10, 20, 0, 100, 200], dtype=np.float32),
        depth=2,
        base=0.5,
    )
    table = np.array([[-1, 5], [0.5, -1], [0.5, 1], [2, 1]], dtype=np.float32)

    assert trees.sums(table).tolist() == [101.5, 110.5, 120.5, 220.5]


def test_probabilities_are_between_0_and_1_and_grow_with_the_sum() -> None:
    """By slope and shift."""
    judge = msgspec.structs.replace(small_judge(), slope=2.0, shift=-1.0)

    low, high = (float(judge.probabilities(rows(overlap=value))[0]) for value in (0.0, 1.0))

    assert low == pytest.approx(1 / (1 + np.exp(5)))
    assert high == pytest.approx(1 / (1 + np.exp(-3)))


def test_a_judge_survives_its_file() -> None:
    """The same verdicts, and equal judges give equal bytes."""
    judge = small_judge()

    data = dump_judge(judge)
    again = load_judge(data, embedder="test", source="x")

    assert dump_judge(again) == data
    assert again.table.words == judge.table.words
    assert again.learned == judge.learned
    assert again.probabilities(rows(overlap=1.0)) == judge.probabilities(rows(overlap=1.0))


def test_stated_errors_survive_the_file_and_older_files_have_none() -> None:
    """A judge that was fitted before errors were stated goes on serving."""
    judge = msgspec.structs.replace(small_judge(), stated=((0.05, 0.5), (0.01, 0.75)))
    content = msgspec.msgpack.decode(dump_judge(judge)[32:])
    del content["stated"]
    body = msgspec.msgpack.encode(content)

    kept = load_judge(dump_judge(judge), embedder="test", source="x")
    older = load_judge(hashlib.sha256(body).digest() + body, embedder="test", source="x")

    assert kept.stated == judge.stated
    assert older.stated == ()


def changed(judge: JudgeModel, **fields: object) -> bytes:
    """A file with other fields and a checksum that agrees."""
    content = msgspec.msgpack.decode(dump_judge(judge)[32:])
    body = msgspec.msgpack.encode(content | fields)
    return hashlib.sha256(body).digest() + body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (dump_judge(small_judge())[:-1], "damaged"),
        (b"\x00" + dump_judge(small_judge()), "damaged"),
        (changed(small_judge(), version=99), "version 99"),
        (changed(small_judge(), names=["similarity"]), "fit it again"),
        (changed(small_judge(), embedder="other"), "fitted with the embedder other"),
        (changed(small_judge(), words=3), "cannot be read"),
    ],
)
def test_a_file_that_is_not_for_this_program_is_refused(data: bytes, reason: str) -> None:
    """With the reason, and never replaced by another judge."""
    with pytest.raises(StartupError, match=reason):
        load_judge(data, embedder="test", source="somewhere")


def test_readings_are_remembered_up_to_a_bound() -> None:
    """The oldest goes first; long texts are not kept at all."""
    judge = small_judge()
    first = judge.read("reset 0")

    assert judge.read("reset 0") is first
    for number in range(1_100):
        judge.read(f"reset {number}")
    judge.read("x" * 5_000)

    assert len(judge.readings) == 1_000
    assert "reset 0" not in judge.readings


def test_the_package_carries_a_judge_of_bounded_size() -> None:
    """For the package's embedder."""
    judge = packaged_judge()

    assert len(dump_judge(judge)) < 25 * 1024 * 1024
    assert 0.5 < judge.probability < 1
