"""Run the packaged model once a text and keep the last hidden state of every word piece.

The packaged graph pools inside; here one more output is named, so vector and word
pieces come of one run.  For experiments: the gateway does not use this.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from tokenizers import Tokenizer

from sparingly.core.evidence.lexicon import STOP
from sparingly.core.evidence.normalizing import normal
from sparingly.embedders.model_files import PACKAGED

Matrix = npt.NDArray[np.float32]

_WINDOW = 128
# A run is kept this small: a larger one is no faster.
_PIECES_OF_A_RUN = 256
_ARRAYS = ("ids", "off", "start", "hid", "vec")


class States(msgspec.Struct, frozen=True, eq=False):
    """All texts' pieces one after another; those of text i are rows `start[i]` to `start[i + 1]`."""

    texts: list[str]
    ids: npt.NDArray[np.int32]
    off: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    hid: npt.NDArray[np.float16]
    vec: Matrix

    def words(self, index: int) -> tuple[list[str], Matrix]:
        """The words of a text that carry meaning, in normal form, with the mean of their pieces' states."""
        begin, end = int(self.start[index]), int(self.start[index + 1])
        spans: list[tuple[int, int]] = []
        members: list[list[int]] = []
        for row in range(begin + 1, end - 1):  # without the marks of the ends
            first, last = (int(place) for place in self.off[row])
            # A piece that begins where the last one ended, letter to letter, goes on with its word.
            if spans and first == spans[-1][1] and self._joins(index, first):
                spans[-1] = (spans[-1][0], last)
                members[-1].append(row)
            else:
                spans.append((first, last))
                members.append([row])
        words, rows = [], []
        for (first, last), pieces in zip(spans, members, strict=True):
            word = normal(self.texts[index][first:last].lower())
            if word not in STOP and any(map(str.isalnum, word)):
                words.append(word)
                rows.append(np.asarray(self.hid[pieces], dtype=np.float32).mean(axis=0))
        return words, np.array(rows, dtype=np.float32).reshape(len(rows), self.hid.shape[1])

    def _joins(self, index: int, at: int) -> bool:
        return self.texts[index][at - 1 : at + 1].isalnum()


def states_of(texts: Sequence[str]) -> States:
    """Run every text, texts of one length together; longer texts than the window are cut."""
    tokenizer = Tokenizer.from_file(str(PACKAGED / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_WINDOW)
    encoded = tokenizer.encode_batch(list(texts))
    lengths = np.array([len(one.ids) for one in encoded])
    start = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.concatenate([np.array(one.ids, dtype=np.int32) for one in encoded])
    off = np.concatenate([np.array(one.offsets, dtype=np.int32).reshape(-1, 2) for one in encoded])
    session = _session()
    width = session.get_outputs()[0].shape[-1]
    hid = np.zeros((len(ids), width), dtype=np.float16)
    vec = np.zeros((len(texts), width), dtype=np.float32)
    for length in np.unique(lengths):
        alike = np.flatnonzero(lengths == length)
        step = max(1, _PIECES_OF_A_RUN // int(length))
        for first in range(0, len(alike), step):
            chosen = alike[first : first + step]
            rows = start[chosen][:, np.newaxis] + np.arange(length)
            fed = ids[rows].astype(np.int64)
            vec[chosen], hid[rows] = session.run(
                None, {"input_ids": fed, "attention_mask": np.ones_like(fed)}
            )
    return States(list(texts), ids, off, start, hid, vec)


def kept_states(name: str, texts: Sequence[str], folder: Path | None) -> States:
    """The states of an earlier run in `folder`, unless the texts have changed; else new ones, then kept there."""
    if folder is None:
        return states_of(texts)
    listed = folder / f"tok_{name}.json"
    paths = {array: folder / f"tok_{name}_{array}.npy" for array in _ARRAYS}
    if listed.exists() and msgspec.json.decode(listed.read_bytes()) == list(texts):
        ids, off, start, hid, vec = (_loaded(path) for path in paths.values())
        return States(list(texts), ids, off, start, hid, vec)
    states = states_of(texts)
    for array, path in paths.items():
        np.save(path, getattr(states, array))
    listed.write_bytes(msgspec.json.encode(states.texts))
    return states


def _loaded(path: Path) -> npt.NDArray[Any]:
    """An array as it was kept; the large one is read as it is needed."""
    array: npt.NDArray[Any] = np.load(path, mmap_mode="r")
    return array


def _session() -> onnxruntime.InferenceSession:
    model = onnx.load(str(PACKAGED / "model.onnx"))
    # The product before the normalization pools: its right side is the last hidden state.
    pooled = [node for node in model.graph.node if node.op_type == "MatMul"][-1].input[1]
    width = model.graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(pooled, onnx.TensorProto.FLOAT, ["batch", "sequence", width])
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
