"""Does aligning the words of two questions by their contextual vectors tell more than the words themselves?

    python -m benchmarks.judge.alignment [--kept FOLDER]      writes results/alignment.json

Boosted trees are fitted on the train split of three kinds of pairs, with one set of
evidence or another, and measured on the calibrate split (nothing here touches the report
split): QQP questions with the labelled ones among their five nearest earlier questions;
medical pairs; pairs made by changing one thing, with a kind of change left out of
the fit.  Token vectors are taken whole, or as they could be kept in an entry: few
dimensions, a byte each.  `--kept` is a folder that keeps what the model gives between runs.

Choice: entries keep no token vectors and the gateway recomputes none.  On QQP, alone with the cosine,
alignment tells nearly as much as the words do; beside the words it adds little, even whole.
The file is written after each set of evidence: a run takes about ten minutes of one CPU.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from benchmarks.data_folder import needed_folder
from benchmarks.judge.alignment_features import Aligned, alignment
from benchmarks.judge.token_states import States, kept_states
from benchmarks.result import write_result
from sparingly.core.evidence.pairing import evidence_rows
from sparingly.core.evidence.reading import Reading, read
from sparingly.core.evidence.substitutions import Substitutions
from sparingly.core.evidence.word_table import WordTable
from sparingly.embedders.model_files import PACKAGED
from sparingly.learning.judge.fit import DIRECTIONS, fitted_trees
from sparingly.learning.judge.hard_negatives import made_pairs
from sparingly.learning.judge.labelled_pairs import LabelledPair, read_pairs
from sparingly.learning.judge.rows import Labels, Part, stream_neighbors
from sparingly.learning.judge.splits import fold_of
from sparingly.learning.judge.word_fitting import fitted_substitutions, fitted_table

Matrix: TypeAlias = npt.NDArray[np.float32]
Shrink: TypeAlias = Callable[[Matrix], Matrix]

SEEDS = (0, 1)
DIMENSIONS = (16, 32, 48)
HELD_OUT = ("number", "negation", "direction", "entity", "action")
# Wrong pairs that are let through, as a share of all pairs.
BOUNDS = (0.002, 0.01, 0.02)
_MADE_FROM = {"train": 3_000, "calibrate": 1_000}
_FOLDS = 5
_LONGEST_MADE = 250
_SEED = 0
# The columns about similarities come first in a row of evidence.
_NEAREST = 5


class Pairs(msgspec.Struct, frozen=True, eq=False):
    """Rows of pairs: where their texts are, their evidence without alignment, label, split and kind."""

    states: States
    ends: npt.NDArray[np.int64]
    lexical: Matrix
    same: npt.NDArray[np.bool_]
    is_train: npt.NDArray[np.bool_]
    kinds: npt.NDArray[np.str_]


class _Line(NamedTuple):
    ends: tuple[int, int]
    lexical: Matrix
    same: bool
    is_train: bool
    kind: str


class Reader:
    """Reads each text once, with the word table and word weights fitted on the train split."""

    def __init__(
        self, table: WordTable, learned: Substitutions, without: Mapping[int, Substitutions]
    ) -> None:
        self.table = table
        self.learned = learned
        self._without = without
        self._readings: dict[str, Reading] = {}

    def reading(self, text: str) -> Reading:
        if text not in self._readings:
            self._readings[text] = read(text, self.table)
        return self._readings[text]

    def weights(self, group: str, *, is_train: bool) -> Substitutions:
        """Word weights that have not seen the group."""
        return self._without[fold_of(group, _FOLDS)] if is_train else self.learned

    def rarity(self, words: Sequence[str]) -> Matrix:
        known = self.table.words
        places = [known.get(word, -1) for word in words]
        return np.array([self.table.rarity[at] if at >= 0 else 1.0 for at in places], dtype=np.float32)


def main() -> None:
    """Embed, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kept", type=Path)
    kept: Path | None = parser.parse_args().kept

    folder = needed_folder()
    quora, medical = (read_pairs(folder / f"pairs/{name}.jsonl.gz") for name in ("qqp", "medical"))
    quora_states = kept_states("qqp", _texts(quora), kept)
    reader = _reader([pair for pair in (*quora, *medical) if pair.split == "train"])
    sets = {
        "qqp": _neighbors(reader, quora_states, quora),
        "medical": _plain(reader, kept_states("medical", _texts(medical), kept), medical),
        "made": _made(reader, quora, kept),
    }
    shrinks = _shrinks(sets["qqp"])
    figures: dict[str, object] = {
        "what": __doc__.splitlines()[0] if __doc__ else "",
        "pairs": {
            name: {"train": int(one.is_train.sum()), "calibrate": int((~one.is_train).sum())}
            for name, one in sets.items()
        },
        "content_words_a_text": round(_mean_words(sets["qqp"]), 2),
        "cosine": _judged(sets, {name: one.lexical[:, :1] for name, one in sets.items()}, fit=False),
        "lexical": _judged(sets, {name: one.lexical for name, one in sets.items()}),
    }
    print(figures)
    for name, shrink in shrinks.items():
        begun = time.process_time()
        aligned = {key: _aligned(one, reader, shrink) for key, one in sets.items()}
        print(name, f"{time.process_time() - begun:.0f} s")
        both = {key: np.hstack([one.lexical, aligned[key]]) for key, one in sets.items()}
        close = {key: np.hstack([one.lexical[:, :_NEAREST], aligned[key]]) for key, one in sets.items()}
        figures[name] = {
            "bytes_an_entry": _bytes(sets["qqp"], name),
            "cosine_and_alignment": _judged(sets, close, held_out=()),
            "lexical_and_alignment": _judged(sets, both),
        }
        print(figures[name], flush=True)
        print(write_result("alignment", figures, packages=("numpy", "onnxruntime", "scikit-learn")))


def _texts(pairs: Sequence[LabelledPair]) -> list[str]:
    return list(dict.fromkeys(text for pair in pairs for text in (pair.a, pair.b)))


def _reader(train: Sequence[LabelledPair]) -> Reader:
    """What the lexical evidence needs to be fitted: rarity and meaning of words, weights of unshared words."""
    from sparingly.embedders.fastembed_model import load  # noqa: PLC0415 - slow to import

    model = load("minilm", threads=1)

    def embed(words: Sequence[str]) -> Matrix:
        found = np.zeros((len(words), model.dimensions), dtype=np.float32)
        order = sorted(range(len(words)), key=lambda at: len(words[at]))
        for first in range(0, len(order), 32):
            chosen = order[first : first + 32]
            found[chosen] = model.vectors([model.read(words[at]) for at in chosen])
        return found

    vocabulary = Tokenizer.from_file(str(PACKAGED / "tokenizer.json")).get_vocab()
    table = fitted_table(_texts(train), vocabulary, embed)
    readings = {text: read(text, table) for text in _texts(train)}
    learned, without = fitted_substitutions(
        [(readings[pair.a], readings[pair.b]) for pair in train],
        np.array([pair.same for pair in train]),
        np.array([fold_of(pair.group, _FOLDS) for pair in train]),
        np.ones(len(train)),
    )
    return Reader(table, learned, without)


def _neighbors(reader: Reader, states: States, pairs: Sequence[LabelledPair]) -> Pairs:
    """The labelled ones among the nearest earlier questions of every question, each split a stream of its own."""
    place = {text: at for at, text in enumerate(states.texts)}
    lines: list[_Line] = []
    for split in ("train", "calibrate"):
        own = [pair for pair in pairs if pair.split == split]
        labels, groups = Labels(own), {text: pair.group for pair in own for text in (pair.a, pair.b)}
        texts = labels.texts()
        Random(_SEED).shuffle(texts)
        vectors = states.vec[[place[text] for text in texts]]
        for asked, near in zip(texts, stream_neighbors(vectors), strict=True):
            known = [labels.same(asked, texts[at]) for at, _ in near]
            if all(label is None for label in known):
                continue
            found = evidence_rows(
                reader.reading(asked),
                [reader.reading(texts[at]) for at, _ in near],
                similarities=[similarity for _, similarity in near],
                learned=reader.weights(groups[asked], is_train=split == "train"),
            )
            lines += [
                _Line((place[asked], place[texts[at]]), row, label, split == "train", "neighbor")
                for row, (at, _), label in zip(found, near, known, strict=True)
                if label is not None
            ]
    return _pairs(states, lines)


def _plain(reader: Reader, states: States, pairs: Sequence[LabelledPair]) -> Pairs:
    place = {text: at for at, text in enumerate(states.texts)}
    lines: list[_Line] = []
    for pair in pairs:
        if pair.split != "report":
            end = place[pair.a], place[pair.b]
            is_train = pair.split == "train"
            row = _row(reader, states, end, reader.weights(pair.group, is_train=is_train))
            lines.append(_Line(end, row, pair.same, is_train, "plain"))
    return _pairs(states, lines)


def _made(reader: Reader, pairs: Sequence[LabelledPair], kept: Path | None) -> Pairs:
    found = []
    for split, count in _MADE_FROM.items():
        texts = _texts([pair for pair in pairs if pair.split == split])
        chosen = Random(_SEED).sample([text for text in texts if len(text) < _LONGEST_MADE], count)
        found += [(one, split == "train") for one in made_pairs(chosen, seed=_SEED, per_text=1)]
    states = kept_states("made", list(dict.fromkeys(t for one, _ in found for t in (one.a, one.b))), kept)
    place = {text: at for at, text in enumerate(states.texts)}
    lines: list[_Line] = []
    for one, is_train in found:
        end = place[one.b], place[one.a]
        row = _row(reader, states, end, reader.learned)
        lines.append(_Line(end, row, one.same, is_train, "same" if one.same else one.kind))
    return _pairs(states, lines)


def _row(reader: Reader, states: States, end: tuple[int, int], learned: Substitutions) -> Matrix:
    """The evidence of two questions that are alone in their store."""
    asked, stored = (reader.reading(states.texts[at]) for at in end)
    similarity = min(1.0, float(states.vec[end[0]] @ states.vec[end[1]]))
    row: Matrix = evidence_rows(asked, [stored], similarities=[similarity], learned=learned)[0]
    return row


def _pairs(states: States, lines: Sequence[_Line]) -> Pairs:
    ends, rows, same, is_train, kinds = (np.array(column) for column in zip(*lines, strict=True))
    return Pairs(states, ends, rows, same, is_train, kinds)


def _shrinks(pairs: Pairs) -> dict[str, Shrink]:
    """Ways to keep a word's vector; directions come of the train split's words."""
    chosen = np.unique(pairs.ends[pairs.is_train])[::3]
    sample = np.concatenate([pairs.states.words(int(at))[1] for at in chosen])
    mean = sample.mean(axis=0)
    directions = np.linalg.eigh((sample - mean).T @ (sample - mean))[1][:, ::-1]

    def reduced(dimensions: int) -> Shrink:
        def shrink(vectors: Matrix) -> Matrix:
            few = (vectors - mean) @ directions[:, :dimensions]
            scale = np.abs(few).max(axis=1, keepdims=True) / 127 + 1e-9
            return _unit(np.round(few / scale))

        return shrink

    return {"whole": _unit, **{f"{d} bytes a word": reduced(d) for d in DIMENSIONS}}


def _unit(vectors: Matrix) -> Matrix:
    unit: Matrix = (vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)).astype(np.float32)
    return unit


def _aligned(pairs: Pairs, reader: Reader, shrink: Shrink) -> Matrix:
    known: dict[int, Aligned] = {}
    for at in np.unique(pairs.ends).tolist():
        words, vectors = pairs.states.words(at)
        known[at] = Aligned(words, shrink(vectors), reader.rarity(words))
    return np.array([alignment(known[a], known[b]) for a, b in pairs.ends.tolist()], dtype=np.float32)


def _mean_words(pairs: Pairs) -> float:
    return float(np.mean([len(pairs.states.words(int(at))[0]) for at in np.unique(pairs.ends)[::20]]))


def _bytes(pairs: Pairs, name: str) -> int:
    """Bytes of an average QQP question; whole vectors at two bytes a number."""
    width = pairs.states.hid.shape[1] * 2 if name == "whole" else int(name.split(maxsplit=1)[0])
    return round(_mean_words(pairs) * width)


def _judged(
    sets: Mapping[str, Pairs],
    columns: Mapping[str, Matrix],
    *,
    fit: bool = True,
    held_out: Sequence[str] = HELD_OUT,
) -> dict[str, object]:
    """AUC and right hits at small errors on the calibrate split, for one set of evidence."""
    scores = {name: _scores(sets, columns, (), name) if fit else columns[name][:, 0] for name in sets}
    figures: dict[str, object] = {}
    for name, one in sets.items():
        held = ~one.is_train
        figures[f"{name}_auc"] = round(_auc(scores[name][held], one.same[held]), 4)
    held = ~sets["qqp"].is_train
    figures["qqp_right_hits"] = _hits(scores["qqp"][held], sets["qqp"].same[held])
    if fit and held_out:
        made = sets["made"]
        figures["made_auc_without"] = {
            kind: round(_auc_of_kind(made, _scores(sets, columns, (kind,), "made", SEEDS[:1]), kind), 4)
            for kind in held_out
        }
    return figures


def _scores(
    sets: Mapping[str, Pairs],
    columns: Mapping[str, Matrix],
    without: Sequence[str],
    wanted: str,
    seeds: Sequence[int] = SEEDS,
) -> npt.NDArray[np.float64]:
    """The mean score of trees fitted on the train parts of all sets, less the kinds in `without`."""
    chosen = {name: one.is_train & ~np.isin(one.kinds, without) for name, one in sets.items()}
    rows = np.concatenate([columns[name][take] for name, take in chosen.items()])
    same = np.concatenate([sets[name].same[take] for name, take in chosen.items()])
    part = Part(rows, same, np.ones(len(rows)), ("",) * len(rows))
    # The first columns are the judge's own; those of the alignment may speak either way.
    width = rows.shape[1]
    own = min(width, len(DIRECTIONS)) if width >= len(DIRECTIONS) else _NEAREST
    directions = (*DIRECTIONS[:own], *(0,) * (width - own))
    trees = [fitted_trees(part, seed=seed, directions=directions) for seed in seeds]
    scores: npt.NDArray[np.float64] = np.mean([one.sums(columns[wanted]) for one in trees], axis=0)
    return scores


def _auc_of_kind(made: Pairs, scores: npt.NDArray[np.float64], kind: str) -> float:
    chosen = ~made.is_train & np.isin(made.kinds, (kind, "same"))
    return _auc(scores[chosen], made.same[chosen])


def _auc(scores: npt.NDArray[np.floating], same: npt.NDArray[np.bool_]) -> float:
    """How often a pair that asks the same scores higher than one that does not; a tie counts half."""
    found, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    del found
    last = np.cumsum(counts)
    rank = ((last - counts + 1 + last) / 2)[inverse]
    right, wrong = int(same.sum()), int((~same).sum())
    return float((rank[same].sum() - right * (right + 1) / 2) / (right * wrong))


def _hits(scores: npt.NDArray[np.floating], same: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Right pairs let through before the wrong ones exceed a share of all pairs."""
    order = np.argsort(-scores, kind="stable")
    right, wrong = np.cumsum(same[order]), np.cumsum(~same[order])
    within = {bound: np.flatnonzero(wrong <= bound * len(same)) for bound in BOUNDS}
    return {f"wrong <= {bound:.1%}": int(right[at[-1]]) if len(at) else 0 for bound, at in within.items()}


if __name__ == "__main__":
    main()
