"""How the packaged model's weights are read and rounded."""

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.embedder.weights import (
    Floats,
    read_safetensors,
    round_columns,
    round_columns_pair_safe,
    round_rows,
    saturating_pairs,
)


def _weights(seed: int, *, shape: tuple[int, int] = (64, 16)) -> Floats:
    """Like a trained layer's: most are small, a few are large."""
    return np.random.default_rng(seed).standard_t(3, shape).astype(np.float32)


@given(seed=st.integers(min_value=0, max_value=10_000))
def test_pair_safe_weights_never_overflow_sixteen_bits(seed: int) -> None:
    """The largest activation is 255: no pair of products may leave -32768..32767."""
    values = round_columns_pair_safe(_weights(seed)).values.astype(np.int64)

    for sign in (1, -1):
        worst = 255 * np.maximum(sign * values, 0)
        assert (worst[0::2] + worst[1::2]).max() <= 32767
    assert saturating_pairs(values.astype(np.int8)) == 0


@given(seed=st.integers(min_value=0, max_value=10_000))
def test_pair_safe_weights_are_within_two_steps_of_the_float_ones(seed: int) -> None:
    """Half a step is lost by rounding, one more where a pair had to give way."""
    weight = _weights(seed)

    rounded = round_columns_pair_safe(weight)

    assert (np.abs(rounded.values * rounded.scales - weight) <= 1.51 * rounded.scales).all()


def test_plain_eight_bit_weights_can_overflow() -> None:
    """Two neighbors at the top of their column are what the pair-safe form is for."""
    weight = np.array([[1.0], [1.0]], dtype=np.float32)

    assert saturating_pairs(round_columns(weight).values) == 1
    assert saturating_pairs(round_columns(weight, largest=63).values) == 0
    assert round_columns_pair_safe(weight).values.tolist() == [[64], [64]]


def test_weights_of_opposite_sign_share_the_range() -> None:
    """Their products cancel; nothing is given up."""
    weight = np.array([[1.0], [-1.0]], dtype=np.float32)

    assert round_columns_pair_safe(weight).values.tolist() == [[127], [-127]]


def test_rows_have_scales_of_their_own() -> None:
    """A small row keeps its eight bits beside a large one."""
    rounded = round_rows(np.array([[100.0, -50.0], [0.001, 0.0005]], dtype=np.float32))

    assert rounded.values.tolist() == [[127, -64], [127, 64]]
    assert rounded.scales.shape == (2, 1)


def test_safetensors_are_read_by_their_header(tmp_path: Path) -> None:
    """Eight bytes of length, a JSON header with offsets, then the numbers."""
    name = "encoder.layer.0.output.dense"
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    bias = np.array([7, 8], dtype=np.float32)
    header = {
        "__metadata__": {"format": "pt"},
        f"{name}.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        f"{name}.bias": {"dtype": "F32", "shape": [2], "data_offsets": [24, 32]},
    }
    text = json.dumps(header).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + weight.tobytes() + bias.tobytes())

    linear = read_safetensors(path).linear(0, "down")

    assert linear.name == "0.down"
    assert linear.weight.tolist() == weight.T.tolist()
    assert linear.bias.tolist() == [7, 8]
