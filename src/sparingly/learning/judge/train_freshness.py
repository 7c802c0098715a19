"""Fit the freshness model: two logistic regressions on hashed words, and the file they are kept in.

Plain numpy and no seed: the loss is convex, so the same examples give the same
weights.  The data are read by `benchmarks/cache/freshness.py`, which writes the file.
Weights are kept as bytes of eight bits each: the file stays at 44 KB, and the
AUROC does not move in the fourth digit.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.keeping.freshness import BUCKETS, VERSION, FreshnessModel, buckets, question_in
from sparingly.errors import StartupError

MODEL_FILE = "freshness_model.json"
_PACKAGE = "sparingly.learning"
# The best of 0.05, 0.1 and 0.2 on a fifth of the training part of SituatedQA.
PENALTY = 0.05
_STEPS = 400
_LEVELS = 127

_Floats: TypeAlias = npt.NDArray[np.float64]
_Ints: TypeAlias = npt.NDArray[np.int64]


class Example(msgspec.Struct, frozen=True):
    """A question; `depends` and `live` are None where it says nothing about that; `weight` is its say in the fit."""

    text: str
    depends: bool | None = None
    live: bool | None = None
    weight: float = 1.0


class StoredHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One regression: weight = byte * scale."""

    bias: float
    scale: float
    weights: str
    """Signed bytes in Base64."""


class StoredFreshness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model as a file; `sha256` is of both heads' bytes and numbers."""

    version: int
    sha256: str
    dependent: StoredHead
    live: StoredHead


def fit(examples: Sequence[Example], *, penalty: float = PENALTY) -> FreshnessModel:
    """Learn from examples; each head from those that have its label."""
    dependent, dependent_bias = _head(
        [(one.text, one.depends, one.weight) for one in examples if one.depends is not None], penalty
    )
    live, live_bias = _head(
        [(one.text, one.live, one.weight) for one in examples if one.live is not None], penalty
    )
    return FreshnessModel(dependent, dependent_bias, live, live_bias)


def stored(model: FreshnessModel) -> StoredFreshness:
    """A model, ready to be written."""
    dependent = _stored_head(model.dependent, model.dependent_bias)
    live = _stored_head(model.live, model.live_bias)
    return StoredFreshness(VERSION, _checksum(dependent, live), dependent, live)


def read_model(data: bytes) -> FreshnessModel:
    """The model in a file's bytes; raises StartupError that says what is wrong with them."""
    try:
        found = msgspec.json.decode(data, type=StoredFreshness)
        heads = [(_weights(head), head.bias) for head in (found.dependent, found.live)]
    except ValueError as error:  # msgspec's and base64's errors are ValueErrors
        raise StartupError(f"the freshness model cannot be read: {error}") from error
    if found.version != VERSION:
        raise StartupError(f"the freshness model is of version {found.version}, this program takes {VERSION}")
    if found.sha256 != _checksum(found.dependent, found.live) or any(len(w) != BUCKETS for w, _ in heads):
        raise StartupError("the freshness model is damaged: its checksum does not fit")
    (dependent, dependent_bias), (live, live_bias) = heads
    return FreshnessModel(dependent, dependent_bias, live, live_bias)


def shipped_freshness() -> FreshnessModel:
    """The package's model."""
    return read_model(files(_PACKAGE).joinpath(MODEL_FILE).read_bytes())


def _head(rows: Sequence[tuple[str, bool, float]], penalty: float) -> tuple[npt.NDArray[np.float32], float]:
    """Minimize the weighted log loss plus `penalty`/2 of the squared weights, by accelerated gradient."""
    places = [buckets(question_in(text)) for text, _, _ in rows]
    lengths = np.array([len(one) for one in places])
    columns = np.fromiter((bucket for one in places for bucket in one), dtype=np.int64)
    lines = np.repeat(np.arange(len(rows)), lengths)
    values = 1 / np.sqrt(lengths)[lines]
    labels = np.array([float(label) for _, label, _ in rows])
    shares = np.array([weight for _, _, weight in rows])

    weights, bias = np.zeros(BUCKETS), 0.0
    ahead, ahead_bias = weights, bias
    # A row has length 1, and the bias adds 1: the loss bends at most this much.
    step = 1 / (0.25 * 2 * _largest(columns, lines, values, shares) + penalty)
    for count in range(_STEPS):
        scores = np.bincount(lines, values * ahead[columns], len(rows)) + ahead_bias
        slope = shares * (1 / (1 + np.exp(-scores)) - labels)
        gradient = np.bincount(columns, values * slope[lines], BUCKETS) + penalty * ahead
        new, new_bias = ahead - step * gradient, ahead_bias - step * float(slope.sum())
        push = count / (count + 3)
        ahead, ahead_bias = new + push * (new - weights), new_bias + push * (new_bias - bias)
        weights, bias = new, new_bias
    return weights.astype(np.float32), bias


def _largest(columns: _Ints, lines: _Ints, values: _Floats, shares: _Floats) -> float:
    """The largest eigenvalue of the weighted gram matrix with the bias left out, by power iteration."""
    vector = np.ones(BUCKETS)
    size = 1.0
    for _ in range(20):
        vector = vector / np.linalg.norm(vector)
        scores = shares * np.bincount(lines, values * vector[columns], len(shares))
        vector = np.bincount(columns, values * scores[lines], BUCKETS).astype(np.float64)
        size = float(np.linalg.norm(vector))
    return max(size, float(shares.sum()))


def _stored_head(weights: npt.NDArray[np.float32], bias: float) -> StoredHead:
    scale = float(f"{float(np.abs(weights).max()) / _LEVELS:.6g}")
    whole = np.clip(np.rint(weights / scale), -_LEVELS, _LEVELS).astype(np.int8)
    return StoredHead(float(f"{bias:.6g}"), scale, base64.b64encode(whole.tobytes()).decode())


def _weights(head: StoredHead) -> npt.NDArray[np.float32]:
    whole = np.frombuffer(base64.b64decode(head.weights, validate=True), dtype=np.int8)
    return whole.astype(np.float32) * np.float32(head.scale)


def _checksum(*heads: StoredHead) -> str:
    return hashlib.sha256(msgspec.json.encode(heads)).hexdigest()
