"""Measure the packaged embedding model against the float model and other ways to quantise it.

    python -m benchmarks.embedder.measure --model FOLDER [--published model.onnx]

FOLDER is all-MiniLM-L6-v2 as make.py takes it; `--published` as in
rivals.py.  Writes results/embedder_model.json: per model its size, how close its
vectors come to the float model's on questions nobody tuned it with, whether they change in
a batch, and its time on one thread; for the packaged one also what sharing a run
saves, and what serving with it costs (serving.py).

Quality is measured on 600 question pairs (data: pairs/qqp) and 60 long prompts
(prompts/arena_hard_v2.0), drawn with a seed.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from benchmarks.data_folder import rows
from benchmarks.embedder.rivals import REFERENCE, SHIPPED, make_rivals
from benchmarks.embedder.serving import measure_serving
from benchmarks.embedder.weights import read_safetensors
from benchmarks.result import write_result

Matrix = npt.NDArray[np.float32]
Pieces = list[int]

_SEED = 0
_PAIRS = 600
_PROMPTS = 60
_WINDOW = 256


def main() -> int:
    """Measure everything and write it down; about five minutes."""
    parser = argparse.ArgumentParser(description="Measure the packaged embedding model and its rivals.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--published", type=Path)
    given = parser.parse_args()

    texts = Texts(given.model)
    with tempfile.TemporaryDirectory() as folder:
        paths = make_rivals(
            Path(folder), read_safetensors(given.model / "model.safetensors"), given.published
        )
        reference = texts.vectors(_session(paths[REFERENCE]))
        models = {name: _figures(path, texts, reference) for name, path in paths.items()}
        for name, times in _times({name: _session(path) for name, path in paths.items()}).items():
            models[name]["cpu_ms_by_pieces"] = times
        batches = _batches(_session(paths[SHIPPED]))
    figures = {"models": models, "batches": batches, "serving": measure_serving()}
    print(json.dumps(figures, indent=1))
    print(
        write_result("embedder_model", figures, packages=("onnxruntime", "fastembed", "tokenizers", "numpy"))
    )
    return 0


class Texts:
    """The texts that quality is measured on, tokenised."""

    def __init__(self, model: Path) -> None:
        tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_WINDOW)
        pairs = list(rows("pairs/qqp"))
        chosen = [
            pairs[index] for index in np.random.default_rng(_SEED).choice(len(pairs), _PAIRS, replace=False)
        ]
        prompts = list(rows("prompts/arena_hard_v2.0"))[:_PROMPTS]
        self.same = np.array([bool(pair["same"]) for pair in chosen])
        self.left: list[Pieces] = [tokenizer.encode(str(pair["a"])).ids for pair in chosen]
        self.right: list[Pieces] = [tokenizer.encode(str(pair["b"])).ids for pair in chosen]
        self.long: list[Pieces] = [tokenizer.encode(str(row["prompt"])).ids for row in prompts]

    def vectors(self, session: onnxruntime.InferenceSession) -> tuple[Matrix, Matrix, Matrix]:
        """The vectors of left, right and long texts, each embedded alone."""
        left, right, long = (
            np.stack([_embed(session, [pieces])[0] for pieces in texts])
            for texts in (self.left, self.right, self.long)
        )
        return left, right, long


def _figures(path: Path, texts: Texts, reference: tuple[Matrix, Matrix, Matrix]) -> dict[str, object]:
    """How near a model's vectors come to the reference's."""
    session = _session(path)
    left, right, long = texts.vectors(session)
    cosines = np.concatenate([(left * reference[0]).sum(1), (right * reference[1]).sum(1)])
    similarities, true = (left * right).sum(1), (reference[0] * reference[1]).sum(1)
    shifts = np.abs(similarities - true)
    nearest = (left @ right.T).argmax(1) == (reference[0] @ reference[1].T).argmax(1)
    return {
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "cosine_to_float": {
            "mean": _short(cosines.mean()),
            "p1": _short(np.quantile(cosines, 0.01)),
            "min": _short(cosines.min()),
            "mean_of_long_texts": _short((long * reference[2]).sum(1).mean()),
        },
        "similarity_shift": {"mean": _short(shifts.mean()), "max": _short(shifts.max())},
        "same_nearest_neighbor": _short(nearest.mean()),
        "auc_same_question": _short(_auc(similarities[texts.same], similarities[~texts.same])),
        "moved_by_a_batch": _short(_moved(session, texts.left[:16])),
    }


def _moved(session: onnxruntime.InferenceSession, texts: list[Pieces]) -> float:
    """One minus the worst cosine between a text's vector alone and in a padded batch."""
    together = _embed(session, texts)
    alone = np.stack([_embed(session, [pieces])[0] for pieces in texts])
    return max(0.0, 1.0 - float((together * alone).sum(1).min()))


def _times(sessions: dict[str, onnxruntime.InferenceSession]) -> dict[str, dict[str, dict[str, float]]]:
    """CPU times of a run on one thread; the models take turns, so that noise meets all alike."""
    taken: dict[str, dict[str, dict[str, float]]] = {name: {} for name in sessions}
    for length in (9, 32, 122):
        inputs = {name: _inputs(session, _random(1, length)) for name, session in sessions.items()}
        seconds: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(10):
            for name, session in sessions.items():
                fed = inputs[name]
                seconds[name] += _seconds(partial(session.run, None, fed), length)
        for name, values in seconds.items():
            p10, p50 = np.quantile(values, [0.1, 0.5]) * 1e3
            taken[name][str(length)] = {"p10": _short(p10), "p50": _short(p50)}
    return taken


def _batches(session: onnxruntime.InferenceSession) -> dict[str, dict[str, float]]:
    """CPU milliseconds (p10) a text when several of one length share a run."""
    table: dict[str, dict[str, float]] = {}
    for length in (9, 16, 32, 64, 128):
        row = table[f"{length} pieces"] = {}
        for count in (1, 2, 4, 8, 16):
            if count * length <= 512:
                fed = _inputs(session, _random(count, length))
                seconds = _seconds(partial(session.run, None, fed), 10)
                row[f"{count} texts"] = _short(np.quantile(seconds, 0.1) * 1e3 / count)
    return table


def _seconds(act: Callable[[], object], size: int) -> list[float]:
    """Several timings of `act`, fewer of the long ones, after two that do not count.

    It is the thread's CPU time, which others on the machine disturb less than the clock.
    """
    act()
    act()
    taken = []
    for _ in range(max(4, 200 // size)):
        begun = time.thread_time()
        act()
        taken.append(time.thread_time() - begun)
    return taken


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _embed(session: onnxruntime.InferenceSession, texts: list[Pieces]) -> Matrix:
    """Unit vectors; token vectors, where a model gives those, are averaged first."""
    fed = _inputs(session, texts)
    output = session.run(None, fed)[0]
    if output.ndim == 3:
        output = (output * fed["attention_mask"][:, :, np.newaxis]).sum(1)
    unit: Matrix = output / np.linalg.norm(output, axis=1, keepdims=True)
    return unit


def _inputs(session: onnxruntime.InferenceSession, texts: list[Pieces]) -> dict[str, npt.NDArray[np.int64]]:
    longest = max(map(len, texts))
    ids = np.array([[*pieces, *[0] * (longest - len(pieces))] for pieces in texts], dtype=np.int64)
    mask = np.array([[1] * len(pieces) + [0] * (longest - len(pieces)) for pieces in texts], dtype=np.int64)
    known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    return {wanted.name: known[wanted.name] for wanted in session.get_inputs()}


def _random(count: int, length: int) -> list[Pieces]:
    found: list[Pieces] = np.random.default_rng(_SEED).integers(2000, 20000, (count, length)).tolist()
    return found


def _auc(positive: npt.NDArray[np.floating], negative: npt.NDArray[np.floating]) -> float:
    """How often a pair with one meaning is closer than one with two; a tie counts half."""
    greater = (positive[:, np.newaxis] > negative).mean()
    return float(greater + (positive[:, np.newaxis] == negative).mean() / 2)


def _short(value: float) -> float:
    return round(float(value), 5)


if __name__ == "__main__":
    sys.exit(main())
