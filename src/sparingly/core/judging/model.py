"""The fitted judge: from evidence to the probability that a stored answer may be given.

Boosted decision trees as plain arrays, evaluated for all candidates and trees at
once.  One file holds the trees with everything they were fitted on: word
rarities and vectors, word weights, the names of the columns, the embedder.  The
file starts with its own checksum and holds no code.

Rule: a file that is damaged, or made for another embedder or other evidence, is
refused; there is no judge to fall back on that anybody asked for.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.normalizing import MOST_CHARS
from sparingly.core.evidence.pairing import NAMES, VERSION, evidence_rows
from sparingly.core.evidence.reading import Reading, read
from sparingly.core.evidence.substitutions import Substitutions
from sparingly.core.evidence.word_table import WordTable
from sparingly.errors import StartupError

_DIGEST_BYTES: Final = 32
_READINGS: Final = 1_000
"""Readings kept: some 10 MB.  The oldest goes first."""
_ROWS_AT_ONCE: Final = 4_096
"""Only a fit or a measurement has more; a look-up has k."""
_STEPS: Final = 127
"""Word vectors are kept in eight bits."""


StatedPoint: TypeAlias = tuple[float, float]
"""A share of wrong hits, and the least probability at which it was kept."""


class Trees(msgspec.Struct, frozen=True, eq=False):
    """Nodes of all trees in one row: a value up to the threshold goes left, a leaf leads to itself.

    `roots` are the trees' first nodes, `depth` the longest way to a leaf;
    `children` holds left and right alternately.
    """

    roots: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    thresholds: npt.NDArray[np.float32]
    children: npt.NDArray[np.intp]
    values: npt.NDArray[np.float32]
    depth: int
    base: float

    def sums(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """What the trees say of each row, added up."""
        blocks = [self._sums(rows[at : at + _ROWS_AT_ONCE]) for at in range(0, len(rows), _ROWS_AT_ONCE)]
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def _sums(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        # All rows go down all trees at once, a level at a time.  `take` with indices of the machine's own
        # size is three times as fast as `[]` here.
        flat = rows.ravel()
        begins = np.repeat(np.arange(len(rows)) * rows.shape[1], len(self.roots))
        at = np.tile(self.roots, len(rows))
        for _ in range(self.depth):
            goes_right = flat.take(self.columns.take(at) + begins) > self.thresholds.take(at)
            at = self.children.take(2 * at + goes_right)
        found = self.values.take(at).reshape(len(rows), -1).sum(axis=1, dtype=np.float64)
        return np.asarray(self.base + found, dtype=np.float64)


class JudgeModel(msgspec.Struct, frozen=True, eq=False):
    """A judge for one embedder; `probability` is the operating point it was shipped with.

    `slope` and `shift` turn the trees' sum into log odds that hold on data they were not fitted on.
    `stated` holds operating points with the share of wrong hits, of all requests, that each keeps to
    with 95 % confidence on the questions it was measured on (see `learning/judge/stated_error.py`), largest error first.
    """

    embedder: str
    table: WordTable
    learned: Substitutions
    trees: Trees
    slope: float
    shift: float
    probability: float
    floor: float
    stated: tuple[StatedPoint, ...] = ()
    readings: "OrderedDict[str, Reading]" = msgspec.field(default_factory=OrderedDict)
    """Texts that were read lately; they change no result."""

    def read(self, text: str) -> Reading:
        """Read a text, or remember it: stored questions come again and again."""
        found = self.readings.get(text)
        if found is None:
            found = read(text, self.table)
            if len(text) <= MOST_CHARS:
                self.readings[text] = found
                if len(self.readings) > _READINGS:
                    self.readings.popitem(last=False)
        return found

    def rows(
        self,
        question: Reading,
        stored: Sequence[Reading],
        *,
        similarities: Sequence[float],
        places: Sequence[int] | None = None,
    ) -> npt.NDArray[np.float32]:
        """The evidence about each stored question; with `places`, about those of all that were found."""
        return evidence_rows(question, stored, similarities=similarities, learned=self.learned, places=places)

    def probabilities(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """How likely each stored answer may stand in."""
        odds = self.slope * self.trees.sums(rows) + self.shift
        return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's content; arrays are little-endian bytes."""

    version: int
    embedder: str
    names: list[str]
    words: str
    rarity: bytes
    vectors: bytes
    weights: dict[str, float]
    bias: float
    roots: bytes
    columns: bytes
    thresholds: bytes
    children: bytes
    values: bytes
    depth: int
    base: float
    slope: float
    shift: float
    probability: float
    floor: float
    stated: tuple[StatedPoint, ...] = ()
    """Judges that were fitted before errors were stated have none."""


def dump_judge(model: JudgeModel) -> bytes:
    """The judge as a file; equal judges give equal bytes."""
    ranked = sorted(model.table.words, key=model.table.words.__getitem__)
    body = msgspec.msgpack.encode(
        _Stored(
            version=VERSION,
            embedder=model.embedder,
            names=list(NAMES),
            words="\n".join(ranked),
            rarity=_bytes(model.table.rarity, "<f4"),
            vectors=_bytes(model.table.vectors, "i1"),
            weights=model.learned.weights,
            bias=model.learned.bias,
            roots=_bytes(model.trees.roots, "<i4"),
            columns=_bytes(model.trees.columns, "<i4"),
            thresholds=_bytes(model.trees.thresholds, "<f4"),
            children=_bytes(model.trees.children, "<i4"),
            values=_bytes(model.trees.values, "<f4"),
            depth=model.trees.depth,
            base=model.trees.base,
            slope=model.slope,
            shift=model.shift,
            probability=model.probability,
            floor=model.floor,
            stated=model.stated,
        )
    )
    return hashlib.sha256(body).digest() + body


def load_judge(data: bytes, *, embedder: str, source: str) -> JudgeModel:
    """Read a judge's file; `source` names it in errors.

    Raises:
        StartupError: it is damaged, or was made for another embedder or version.
    """
    body = data[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != data[:_DIGEST_BYTES]:
        raise StartupError(
            f"the judge file {source} is damaged: its checksum does not agree with its content"
        )
    try:
        stored = msgspec.msgpack.decode(body, type=_Stored)
    except msgspec.MsgspecError as error:
        raise StartupError(f"the judge file {source} cannot be read: {error}") from error
    if stored.version != VERSION or tuple(stored.names) != NAMES:
        raise StartupError(
            f"the judge file {source} is of version {stored.version} of the evidence, this program's is {VERSION}: "
            "fit it again with `sparingly train-judge`"
        )
    if stored.embedder != embedder:
        raise StartupError(
            f"the judge file {source} was fitted with the embedder {stored.embedder}, not with {embedder}: "
            "fit one with `sparingly train-judge`, or set cache.judge to `threshold`"
        )
    return _model(stored)


def _model(stored: _Stored) -> JudgeModel:
    words = stored.words.split("\n")
    rarity = np.frombuffer(stored.rarity, dtype="<f4").astype(np.float32)
    vectors = np.frombuffer(stored.vectors, dtype=np.int8).reshape(len(words) + 1, -1)
    return JudgeModel(
        embedder=stored.embedder,
        table=WordTable({word: index for index, word in enumerate(words)}, rarity, vectors),
        learned=Substitutions(stored.weights, stored.bias),
        trees=Trees(
            roots=np.frombuffer(stored.roots, dtype="<i4").astype(np.intp),
            columns=np.frombuffer(stored.columns, dtype="<i4").astype(np.intp),
            thresholds=np.frombuffer(stored.thresholds, dtype="<f4").astype(np.float32),
            children=np.frombuffer(stored.children, dtype="<i4").astype(np.intp),
            values=np.frombuffer(stored.values, dtype="<f4").astype(np.float32),
            depth=stored.depth,
            base=stored.base,
        ),
        slope=stored.slope,
        shift=stored.shift,
        probability=stored.probability,
        floor=stored.floor,
        stated=stored.stated,
    )


def in_eight_bits(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    """Unit vectors as they are kept."""
    return np.asarray(np.rint(vectors * _STEPS), dtype=np.int8)


def _bytes(array: npt.NDArray[np.generic], kind: str) -> bytes:
    return np.ascontiguousarray(array, dtype=kind).tobytes()
