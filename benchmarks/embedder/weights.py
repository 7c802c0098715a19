"""Read the float weights of all-MiniLM-L6-v2 and round them to eight bits.

Rounding is per output column, symmetric, and *pair-safe*: of two weights that
stand next to each other in a column, those of one sign never add up to more than 128.
CPUs without VNNI (AVX2: Zen 1-3, Haswell to Skylake desktops) multiply bytes
with `vpmaddubsw`, which adds two products of an unsigned and a signed byte into
16 bits and saturates silently: 255 * 129 > 32767.  The usual remedy, 7-bit weights
(`reduce_range`), gives up a whole bit everywhere; this one shrinks a column only
as far as its worst pair needs, and every CPU computes the same integers.
"""

import json
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]

LAYERS = 6
WIDTH = 384
HEADS = 12

_PAIR_LIMIT = 128  # 255 * 128 = 32640 fits 16 bits, 255 * 129 does not
_DTYPES = {"F32": np.float32, "I64": np.int64}


class Linear(msgspec.Struct, frozen=True):
    """A linear step: `x @ weight + bias`, weight of shape (inputs, outputs)."""

    name: str
    weight: Floats
    bias: Floats


class Rounded(msgspec.Struct, frozen=True):
    """Eight-bit weights and one scale a column; `values * scales` is close to the float weight."""

    values: Bytes
    scales: Floats


class Weights:
    """The float tensors by the roles they play in the graph."""

    def __init__(self, tensors: dict[str, npt.NDArray[np.generic]]) -> None:
        self._tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}

    @property
    def words(self) -> Floats:
        return self._tensors["embeddings.word_embeddings.weight"]

    @property
    def positions(self) -> Floats:
        """Position rows with the first token type's row added: there is no second segment here."""
        positions: Floats = self._tensors["embeddings.position_embeddings.weight"]
        first_type: Floats = self._tensors["embeddings.token_type_embeddings.weight"][0]
        return np.add(positions, first_type)

    def norm(self, layer: int | None, part: str) -> tuple[Floats, Floats]:
        """Gain and shift of a layer normalisation; layer None is the one after the embeddings."""
        prefix = "embeddings" if layer is None else f"encoder.layer.{layer}.{part}"
        return self._tensors[f"{prefix}.LayerNorm.weight"], self._tensors[f"{prefix}.LayerNorm.bias"]

    def linear(self, layer: int, part: str) -> Linear:
        """A linear step; the part `qkv` is query, key and value side by side."""
        parts = {
            "qkv": ["attention.self.query", "attention.self.key", "attention.self.value"],
            "out": ["attention.output.dense"],
            "up": ["intermediate.dense"],
            "down": ["output.dense"],
        }[part]
        prefix = f"encoder.layer.{layer}"
        weight = np.concatenate([self._tensors[f"{prefix}.{name}.weight"].T for name in parts], axis=1)
        bias = np.concatenate([self._tensors[f"{prefix}.{name}.bias"] for name in parts])
        return Linear(f"{layer}.{part}", np.ascontiguousarray(weight), bias)


def read_safetensors(path: Path) -> Weights:
    """Read a .safetensors file: eight bytes of header length, a JSON header, then the tensors."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    tensors: dict[str, npt.NDArray[np.generic]] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(data[start + begin : start + end], _DTYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return Weights(tensors)


def round_columns(weight: Floats, *, largest: int = 127) -> Rounded:
    """Round each column to at most `largest` in size; pairs may saturate on AVX2 if it is over 64."""
    scales = np.abs(weight).max(axis=0) / np.float32(largest)
    return Rounded(np.round(weight / scales).astype(np.int8), scales)


def round_columns_pair_safe(weight: Floats) -> Rounded:
    """Round each column so that no pair of neighbors can overflow 16 bits (see above)."""
    pairs = np.maximum(_pair_sums(weight), _pair_sums(-weight)).max(axis=0)
    scales = np.maximum(pairs / _PAIR_LIMIT, np.abs(weight).max(axis=0) / 127).astype(np.float32)
    values = np.round(weight / scales)
    for sign in (1, -1):
        # Rounding both of a pair upwards may reach 129: the larger one gives way.
        for pair, column in np.argwhere(_pair_sums(sign * values) > _PAIR_LIMIT):
            rows = values[2 * pair : 2 * pair + 2, column]
            rows[np.argmax(sign * rows)] -= sign
    return Rounded(values.astype(np.int8), scales)


def round_rows(table: Floats) -> Rounded:
    """Round each row with a scale of its own: how an embedding table is kept."""
    scales = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
    return Rounded(np.round(table / scales).astype(np.int8), scales)


def saturating_pairs(values: Bytes) -> int:
    """How many pairs of neighbors could overflow 16 bits with the largest activations."""
    wide = values.astype(np.float32)
    return int((np.maximum(_pair_sums(wide), _pair_sums(-wide)) > _PAIR_LIMIT).sum())


def _pair_sums(weight: Floats) -> Floats:
    """The sums of the positive weights of each pair: rows 2n and 2n + 1 of a column."""
    positive = np.maximum(weight, 0)
    return positive[0::2] + positive[1::2]
