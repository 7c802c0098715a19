from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import pytest

from benchmarks.data_folder import data_folder, rows
from benchmarks.streams import Line, mixed_stream, qqp_questions, qqp_stream, write
from sparingly.replay.trace import read_trace

pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(data_folder() is None, reason="no data: SPARINGLY_DATA names no folder"),
]


@pytest.fixture(scope="module")
def qqp() -> list[Line]:
    return list(qqp_stream(0))


def _text(line: Line) -> str:
    messages = line.request["messages"]
    assert isinstance(messages, list)
    return str(messages[-1]["content"])


def test_every_distinct_question_comes_once(qqp: list[Line]) -> None:
    """Shuffled by the seed, with the class as its label."""
    classes = {question.text: question.label for question in qqp_questions()}

    assert {_text(line): line.label for line in qqp} == classes
    assert len(qqp) == len(classes)
    assert [line.id for line in qqp_stream(0)] == [line.id for line in qqp]
    assert [_text(line) for line in islice(qqp_stream(1), 9)] != [_text(line) for line in qqp[:9]]


def test_explicit_negatives_and_nothing_else_are_listed(qqp: list[Line]) -> None:
    """Both ways; every line has the field, since classes are labelled in part."""
    ids = {_text(line): line.id for line in qqp}
    negatives = {
        (ids[str(one[side])], ids[str(one[other])])
        for one in rows("pairs/qqp")
        if not one["same"] and one["a"] != one["b"]
        for side, other in (("a", "b"), ("b", "a"))
    }

    listed = {(line.id, other) for line in qqp for other in line.differs or ()}

    assert listed == negatives
    assert all(line.differs is not None for line in qqp)


def test_a_mixed_stream_is_seeded_in_order_and_of_all_kinds(tmp_path: Path) -> None:
    """Replay reads it; fillers never repeat; later turns carry their history; recorded times do not run back."""
    lines = list(mixed_stream(3, 3_000))

    assert lines == list(mixed_stream(3, 3_000))
    assert lines != list(mixed_stream(4, 3_000))
    assert all(before.time <= after.time for before, after in pairwise(lines))
    kinds = Counter(line.label.split("-")[0] for line in lines)
    assert kinds["talk"] > 100
    assert kinds["trap"] > 50
    fillers = [line.label for line in lines if line.label.startswith("filler-")]
    assert len(fillers) == len(set(fillers)) > 900
    path = tmp_path / "mixed.jsonl.gz"
    assert write(path, iter(lines)) == len(read_trace(path).requests)


def test_paraphrases_repeat_more_than_texts_do() -> None:
    """A stream of nothing but exact repeats would need no semantic cache."""
    lines = list(mixed_stream(0, 3_000))
    labels, texts = Counter(line.label for line in lines), Counter(_text(line) for line in lines)

    of_labels = sum(count - 1 for count in labels.values())
    of_texts = sum(count - 1 for count in texts.values())

    assert of_labels > 1.2 * of_texts


@pytest.mark.parametrize("arrivals", ["mooncake_conversation", "azure_conv", "azure_code"])
def test_every_recording_of_arrivals_can_be_used(arrivals: str) -> None:
    """A short one is played again from its end."""
    lines = list(mixed_stream(0, 13_000 if arrivals == "azure_code" else 500, arrivals=arrivals))

    assert all(before.time <= after.time for before, after in pairwise(lines))
    assert lines[-1].time > lines[0].time
