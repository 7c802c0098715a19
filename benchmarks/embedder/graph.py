"""Write all-MiniLM-L6-v2 as an ONNX graph, with a choice of how its linear steps are computed.

Question: which integer arithmetic is fast on a CPU and still gives the float
model's vectors?  Choice: `row_scaled`, eight-bit weights against activations
that are rounded with a range of their own for every token.  Rejected, with
figures in results/embedder_model.json: one range for the whole tensor (the usual
dynamic quantisation: a text's vector then depends on whom it shares a batch with, and
cosine to the float model is 0.994 for 0.999); MatMulNBits (as exact, twice as slow).

Mean pooling and normalisation are part of the graph: its one output is the unit vector.
`Sum` rather than `Add` stands before a layer normalisation because ONNX Runtime
1.31 would fuse `Add` into SkipLayerNormalization, which its profile shows to be the slower by half.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.embedder.weights import HEADS, LAYERS, WIDTH, Floats, Linear, Rounded, Weights, round_rows

# The attributes of a node as onnx takes them.
Attribute: TypeAlias = int | float
CONTRIB = "com.microsoft"


class Graph:
    """Collects nodes and constants under names of their own."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant, once for a name."""
        if name not in self.constants:
            array = np.ascontiguousarray(np.asarray(value, dtype=dtype))
            self.constants[name] = numpy_helper.from_array(array.reshape(np.shape(value)), name)
        return name

    def add(self, op: str, inputs: Sequence[str], *, domain: str = "", **attributes: Attribute) -> str:
        """Add a node of one output; return the output's name."""
        return self.add_many(op, inputs, 1, domain=domain, **attributes)[0]

    def add_many(
        self, op: str, inputs: Sequence[str], outputs: int, *, domain: str = "", **attributes: Attribute
    ) -> list[str]:
        name = f"{op}_{len(self.nodes)}"
        names = [name if outputs == 1 else f"{name}_{index}" for index in range(outputs)]
        node = helper.make_node(op, inputs, names, name=name, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self.nodes.append(node)
        return names


LinearStep: TypeAlias = Callable[[Graph, str, Linear], list[str]]
"""Adds a linear step on an input; returns the names of addends whose sum is its result."""


def floating(graph: Graph, x: str, linear: Linear) -> list[str]:
    """The reference: float weights, float arithmetic."""
    product = graph.add("MatMul", [x, graph.constant(f"{linear.name}.weight", linear.weight)])
    return [product, graph.constant(f"{linear.name}.bias", linear.bias)]


def row_scaled(rounding: Callable[[Floats], Rounded]) -> LinearStep:
    """Eight-bit weights, and activations rounded to 0..255 between each token's lowest and highest value.

    x is close to q * span / 255 + low, so x @ w = (q @ w) * span / 255 + low * (sum of w's columns).
    """

    def step(graph: Graph, x: str, linear: Linear) -> list[str]:
        rounded = rounding(linear.weight)
        sums = rounded.values.astype(np.float32).sum(axis=0) * rounded.scales
        last_axis = graph.constant("last_axis", [-1], np.int64)
        one = graph.constant("one", 1.0)
        zero = graph.constant("zero", 0, np.uint8)
        low = graph.add("ReduceMin", [x, last_axis], keepdims=1)
        span = graph.add("Sub", [graph.add("ReduceMax", [x, last_axis], keepdims=1), low])
        stretch = graph.add("Div", [graph.constant("top", 255.0), span])
        stretched = graph.add("Mul", [graph.add("Sub", [x, low]), stretch])
        whole = graph.add("QuantizeLinear", [stretched, one, zero])
        values = graph.constant(f"{linear.name}.values", rounded.values, np.int8)
        scales = graph.constant(f"{linear.name}.scales", rounded.scales / 255)
        product = graph.add("MatMulIntegerToFloat", [whole, values, one, scales, zero, ""], domain=CONTRIB)
        shift = graph.add("Mul", [low, graph.constant(f"{linear.name}.sums", sums)])
        bias = graph.constant(f"{linear.name}.bias", linear.bias)
        return [graph.add("Mul", [product, span]), shift, bias]

    return step


def tensor_scaled(rounding: Callable[[Floats], Rounded]) -> LinearStep:
    """The usual dynamic quantisation: one range for the whole input tensor, all its texts included."""

    def step(graph: Graph, x: str, linear: Linear) -> list[str]:
        rounded = rounding(linear.weight)
        inputs = [
            x,
            graph.constant(f"{linear.name}.values", rounded.values, np.int8),
            graph.constant(f"{linear.name}.scales", rounded.scales),
        ]
        bias = graph.constant(f"{linear.name}.bias", linear.bias)
        return [graph.add("DynamicQuantizeMatMul", inputs, domain=CONTRIB), bias]

    return step


def blockwise(block: int) -> LinearStep:
    """MatMulNBits: eight-bit weights with a scale for each `block` of inputs, activations alike."""

    def step(graph: Graph, x: str, linear: Linear) -> list[str]:
        inputs, outputs = linear.weight.shape
        blocks = linear.weight.T.reshape(outputs, inputs // block, block)
        scales = np.abs(blocks).max(axis=2) / np.float32(127)
        values = np.round(blocks / scales[..., np.newaxis]) + 128
        names = [
            x,
            graph.constant(f"{linear.name}.values", values, np.uint8),
            graph.constant(f"{linear.name}.scales", scales),
        ]
        shape = {"K": inputs, "N": outputs, "bits": 8, "block_size": block, "accuracy_level": 4}
        bias = graph.constant(f"{linear.name}.bias", linear.bias)
        return [graph.add("MatMulNBits", names, domain=CONTRIB, **shape), bias]

    return step


def build(weights: Weights, step: LinearStep) -> onnx.ModelProto:
    """The whole model: token ids and mask in, unit vectors out."""
    graph = Graph()
    mask = graph.add("Cast", ["attention_mask"], to=TensorProto.INT32)
    x = _normed(graph, _embedded(graph, weights), weights.norm(None, ""), "embeddings.norm")
    for layer in range(LAYERS):
        mixed = _attention(graph, step(graph, x, weights.linear(layer, "qkv")), mask)
        addends = step(graph, mixed, weights.linear(layer, "out"))
        x = _normed(graph, [*addends, x], weights.norm(layer, "attention.output"), f"{layer}.norm1")
        *addends, bias = step(graph, x, weights.linear(layer, "up"))
        raised = graph.add("BiasGelu", [_sum(graph, addends), bias], domain=CONTRIB)
        addends = step(graph, raised, weights.linear(layer, "down"))
        x = _normed(graph, [*addends, x], weights.norm(layer, "output"), f"{layer}.norm2")
    _pool(graph, x)
    return _model(graph)


def _embedded(graph: Graph, weights: Weights) -> list[str]:
    """Word and position rows; words are kept in eight bits with a scale a row."""
    words = round_rows(weights.words)
    values = graph.constant("words.values", words.values, np.int8)
    scales = graph.constant("words.scales", words.scales)
    row = graph.add("Cast", [graph.add("Gather", [values, "input_ids"])], to=TensorProto.FLOAT)
    word = graph.add("Mul", [row, graph.add("Gather", [scales, "input_ids"])])
    length = graph.add("Shape", ["input_ids"], start=1, end=2)
    positions = graph.constant("positions", weights.positions)
    zero = graph.constant("first", [0], np.int64)
    return [word, graph.add("Slice", [positions, zero, length, zero])]


def _attention(graph: Graph, qkv: list[str], mask: str) -> str:
    query, key, value = graph.add_many("Split", [_sum(graph, qkv)], 3, axis=2, num_outputs=3)
    inputs = [query, key, value, "", mask]
    return graph.add("MultiHeadAttention", inputs, domain=CONTRIB, num_heads=HEADS)


def _normed(graph: Graph, addends: list[str], norm: tuple[Floats, Floats], name: str) -> str:
    gain, shift = norm
    inputs = [
        _sum(graph, addends),
        graph.constant(f"{name}.gain", gain),
        graph.constant(f"{name}.shift", shift),
    ]
    return graph.add("LayerNormalization", inputs, axis=-1, epsilon=1e-12)


def _sum(graph: Graph, addends: list[str]) -> str:
    return addends[0] if len(addends) == 1 else graph.add("Sum", addends)


def _pool(graph: Graph, x: str) -> None:
    """Mean over the text's own tokens, scaled to length 1: a sum would do, but for rounding."""
    weight = graph.add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    middle = graph.constant("middle_axis", [1], np.int64)
    summed = graph.add(
        "Squeeze", [graph.add("MatMul", [graph.add("Unsqueeze", [weight, middle]), x]), middle]
    )
    graph.nodes.append(
        helper.make_node("LpNormalization", [summed], ["sentence_embedding"], name="unit", axis=-1, p=2)
    )


def _model(graph: Graph) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", WIDTH])
    whole = helper.make_graph(graph.nodes, "minilm", inputs, [output], list(graph.constants.values()))
    # Opset 18 and IR 9: what ONNX Runtime reads since 1.14.
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(whole, opset_imports=opsets, ir_version=9)
