"""Word pieces' states come of the run that makes the vector, and are joined to words."""

from pathlib import Path

import numpy as np
import pytest

from sparingly.embedders.fastembed_model import load

pytest.importorskip("onnx", reason="the graph is read with onnx, which only these experiments need")
from benchmarks.judge.token_states import States, kept_states, states_of

TEXTS = ["How do I reset my kubernetes password?", "What is a re-entrant lock?"]


@pytest.fixture(scope="module")
def states() -> States:
    return states_of(TEXTS)


def test_the_vectors_are_the_embedders(states: States) -> None:
    """The named output changes nothing; otherwise similarities would not be the gateway's."""
    model = load("minilm", threads=1)
    vectors = model.vectors([model.read(text) for text in TEXTS])

    assert np.allclose(states.vec, np.array(vectors), atol=1e-3)


def test_the_vector_is_the_mean_of_the_states(states: States) -> None:
    """That is how the model pools, so these are the states before it does."""
    mean = states.hid[states.start[0] : states.start[1]].astype(np.float32).mean(axis=0)

    assert float(mean @ states.vec[0] / np.linalg.norm(mean)) == pytest.approx(1.0, abs=1e-3)


def test_pieces_are_joined_to_the_words_they_are_of(states: States) -> None:
    """Stop words and punctuation are left out; a hyphen parts two words."""
    first, vectors = states.words(0)
    second, _ = states.words(1)

    assert first == ["reset", "kubernete", "password"]
    assert second == ["re", "entrant", "lock"]
    assert vectors.shape == (3, states.hid.shape[1])


def test_kept_states_are_read_again(tmp_path: Path, states: States) -> None:
    """A long run is made once."""
    kept_states("some", TEXTS, tmp_path)

    again = kept_states("some", TEXTS, tmp_path)

    assert isinstance(again.hid, np.memmap)
    assert np.array_equal(again.hid, states.hid)


def test_kept_states_of_other_texts_are_made_anew(tmp_path: Path, states: States) -> None:
    """Another text must not get the first one's states."""
    kept_states("some", TEXTS, tmp_path)

    other = kept_states("some", TEXTS[::-1], tmp_path)

    assert np.array_equal(other.vec[0], states.vec[1])
