"""Learn what the judge knows of single words: how rare they are, what they mean, what their absence says.

Rarity comes from the questions at hand and, for words they lack, from the rank in
the embedder's vocabulary.  Meaning is the embedder's own vector of the word alone, in few
dimensions.  What an unshared word says is a linear model over labelled pairs.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.lexicon import ANTONYMS
from sparingly.core.evidence.normalizing import normal, plain, tokens
from sparingly.core.evidence.reading import Reading
from sparingly.core.evidence.substitutions import Substitutions, features
from sparingly.core.evidence.word_table import WordTable
from sparingly.core.judging.model import in_eight_bits

EmbedWords: TypeAlias = Callable[[Sequence[str]], npt.NDArray[np.float32]]

# 48 keep most neighborhoods (buy-purchase 0.88, car-apple 0.45) in one megabyte.
_DIMENSIONS: Final = 48
# Rarer words have no stable rarity; a table of twice the size brought nothing.
_LEAST_COUNT: Final = 2
_MOST_LETTERS: Final = 30
# A word that only the vocabulary knows is at least this rare.
_LEAST_UNSEEN: Final = 0.7
_LEAST_PAIRS: Final = 3
_PENALTY: Final = 0.3
_LEAST_WEIGHT: Final = 0.02


def fitted_table(texts: Iterable[str], vocabulary: Mapping[str, int], embed: EmbedWords) -> WordTable:
    """The words of `texts` and of the embedder's `vocabulary` (word to rank)."""
    seen: Counter[str] = Counter()
    documents = 0
    for text in texts:
        seen.update({normal(word) for word in tokens(plain(text))})
        documents += 1
    words = [
        word for word, count in sorted(seen.items()) if count >= _LEAST_COUNT and len(word) < _MOST_LETTERS
    ]
    ranks = _ranks(vocabulary)
    words += sorted((ranks.keys() | ANTONYMS.keys()) - set(words))
    return WordTable(
        words={word: index for index, word in enumerate(words)},
        rarity=_rarity(words, seen, documents, ranks),
        vectors=_few_dimensions(embed(words)),
    )


def _ranks(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Whole words of a word piece vocabulary, in normal form; their ids are ranks by frequency."""
    ranks: dict[str, int] = {}
    for word, rank in sorted(vocabulary.items(), key=lambda item: item[1]):
        if len(word) > 1 and word.isascii() and word.isalpha():
            ranks.setdefault(normal(word), rank)
    return ranks


def _rarity(
    words: Sequence[str], seen: Counter[str], documents: int, ranks: Mapping[str, int]
) -> npt.NDArray[np.float32]:
    counts = np.array([seen[word] for word in words], dtype=np.float64)
    rank = np.array([ranks.get(word, 0) for word in words], dtype=np.float64)
    rarity = np.log((documents + 1) / (counts + 1)) / np.log(documents + 1)
    both = (counts > 0) & (rank > 0)
    guessed = np.ones(len(words))
    if np.count_nonzero(both) > 10:
        slope, level = np.polyfit(np.log(rank[both]), rarity[both], 1)
        guessed = np.clip(level + slope * np.log(np.maximum(rank, 1)), _LEAST_UNSEEN, 1.0)
    unseen = np.where(rank > 0, guessed, 1.0)
    return np.asarray(np.where(counts > 0, rarity, unseen), dtype=np.float32)


def _few_dimensions(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    """Unit rows along the main directions; a row of zeros at the end for unknown words."""
    centered = vectors - vectors.mean(axis=0)
    directions = np.linalg.svd(centered[:: max(1, len(centered) // 8_000)], full_matrices=False)[2]
    reduced = centered @ directions[:_DIMENSIONS].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True) + 1e-9
    return np.vstack([in_eight_bits(reduced), np.zeros((1, reduced.shape[1]), dtype=np.int8)])


def fitted_substitutions(
    pairs: Sequence[tuple[Reading, Reading]],
    same: npt.NDArray[np.bool_],
    folds: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
) -> tuple[Substitutions, dict[int, Substitutions]]:
    """One model of all pairs, each with its weight, and for each fold one that has not seen it.

    The judge is fitted on rows of the latter: on rows of the first it would trust single words too much.
    """
    from sklearn.feature_extraction import DictVectorizer  # noqa: PLC0415 - for fitting only, an optional extra

    vectorizer = DictVectorizer()
    every = vectorizer.fit_transform([dict.fromkeys(features(one, other), 1.0) for one, other in pairs])
    often = np.asarray((every > 0).sum(axis=0)).ravel() >= _LEAST_PAIRS
    table, names = every[:, often], vectorizer.get_feature_names_out()[often]

    def fit(chosen: npt.NDArray[np.bool_]) -> Substitutions:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above

        model = LogisticRegression(C=_PENALTY, solver="liblinear", max_iter=200)
        model.fit(table[chosen], ~same[chosen], sample_weight=weights[chosen])
        found = {
            str(name): round(float(weight), 4)
            for name, weight in zip(names, model.coef_[0], strict=True)
            if abs(weight) >= _LEAST_WEIGHT
        }
        return Substitutions(found, round(float(model.intercept_[0]), 4))

    everything = np.ones(len(same), dtype=np.bool_)
    return fit(everything), {int(fold): fit(folds != fold) for fold in np.unique(folds)}
