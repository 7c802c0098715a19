"""Sort a question into tiers by labelled examples: the local classifier.

A ridge regression from the question's embedding and a few countable features
to the tiers, made into probabilities by a temperature.  Penalty and temperature
are those with the least log loss when each example is predicted by all others,
which ridge regression yields in closed form, so fitting takes milliseconds and
has no seed.  The confidence in the likeliest tier is then laid on how often it was
right of the examples left out (Platt's odds: one slope, one offset), since a bar
of 0.7 means nothing unless seven of ten are right there.

Where tiers are many, such as intents, the examples themselves vote instead (`voting`), if that has
less log loss on examples held out.

Tried and left out (figures in benchmarks/results/tier_classifier.json): nearest
neighbors and centroids are less accurate, linear discriminants and logistic regression are
no better, and the latter needs an iterative solver.  Features alone fail where length does not tell.

Rules of doubt:
 - a text whose words the examples hardly contain, such as one in a language that
   none of them is in, gets no classification at all;
 - a text without an embedding (longer than the window, unreadable to it) is judged by
   its features, with confidence too low for the default bar;
 - where examples vote, a text that lies farther from them than nearly all of them from each other is of no tier,
   if the config asks for that (`least_support`).
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.features import Features, text_features
from sparingly.core.routing.tiers import Classified
from sparingly.core.routing.voting import Votes, fit_votes, is_worth_trying, voted
from sparingly.core.vectors import Vector
from sparingly.core.wording import words_of

_Array: TypeAlias = npt.NDArray[np.float64]

# An embedding has length 1, so a feature of variance 1 would drown it; the best of 0.1, 0.2, 0.4 and 0.8.
_FEATURE_WEIGHT = 0.1
_MAX_DEVIATION = 3.0
_PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
_TEMPERATURES = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
# Of prompts in the languages of the examples about 1 % have less; of those in others nearly all.
_MIN_COVERAGE = 0.25
_COVERAGE_WORDS = 60
# Half of the probability is spread evenly: with three tiers confidence stays below 0.67.
_DOUBT_WITHOUT_VECTOR = 0.5
# Beyond this odds are endless; no figure of some hundred examples says more.
_LEAST_CHANCE = 1e-6
# One example's weight: with a handful of examples there is little to learn a slope from.
_ODDS_PENALTY = 1.0
# A step too far must not overflow; one part in 10^13 is as good as none.
_MOST_LOG_ODDS = 30.0
# Newton's method on two numbers settles in five or so.
_NEWTON_STEPS = 20


class Example(msgspec.Struct, frozen=True):
    """A prompt and the tier it belongs to."""

    text: str
    tier: str


class TierModel(msgspec.Struct, frozen=True, eq=False):
    """What was learned from examples with one embedder; `tiers` are the examples', cheapest first."""

    tiers: tuple[str, ...]
    feature_mean: _Array
    feature_scale: _Array
    center: _Array
    weights: _Array
    bias: _Array
    temperature: float
    vocabulary: frozenset[str]
    odds: tuple[float, float] = (1.0, 0.0)
    """Slope and offset of the confidence's log odds."""
    votes: Votes | None = None
    """Set where the examples themselves are asked."""


def fit(examples: Sequence[Example], vectors: Sequence[Vector], *, tiers: tuple[str, ...]) -> TierModel:
    """Learn from examples and their embeddings; every tier needs some."""
    raw = np.array([_numbers(text_features(example.text)) for example in examples])
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    features = np.array([_scaled(row, mean, scale) for row in raw])
    inputs = np.hstack([np.array(vectors, dtype=np.float64), features])
    labels = np.array([tiers.index(example.tier) for example in examples])
    targets = np.eye(len(tiers))[labels]
    center, bias = inputs.mean(axis=0), targets.mean(axis=0)
    penalty, temperature = _least_log_loss(inputs - center, targets, labels)
    chances, told = _softmax(_leave_one_out(inputs - center, targets, penalty) / temperature), labels
    votes = None
    if is_worth_trying(labels, len(tiers)):
        found = fit_votes(inputs - center, labels, len(tiers))
        some = found.held_out
        if _log_loss(found.chances, labels[some]) < _log_loss(chances[some], labels[some]):
            votes, chances, told = found.votes, found.chances, labels[some]
    return TierModel(
        tiers=tiers,
        feature_mean=mean,
        feature_scale=scale,
        center=center,
        weights=_weights(inputs - center, targets - bias, penalty),
        bias=bias,
        temperature=temperature,
        vocabulary=vocabulary(examples),
        odds=fitted_odds(chances.max(axis=1), chances.argmax(axis=1) == told),
        votes=votes,
    )


def classify(
    model: TierModel,
    *,
    text: str,
    features: Features,
    vector: Vector | None,
    tiers: tuple[str, ...],
    least_support: float = 0.0,
) -> Classified | None:
    """The likeliest of `tiers`, or None where the examples say nothing about such a text."""
    if coverage(text, model.vocabulary) < _MIN_COVERAGE:
        return None
    dimensions = len(model.center) - len(model.feature_mean)
    embedded = model.center[:dimensions] if vector is None else vector
    numbers = _scaled(np.array(_numbers(features)), model.feature_mean, model.feature_scale)
    row = np.concatenate([embedded, numbers]) - model.center
    chances, support = _judged(model, row, is_embedded=vector is not None)
    if support is not None and support < least_support:
        return None
    if vector is None:
        chances = (1 - _DOUBT_WITHOUT_VECTOR) * chances + _DOUBT_WITHOUT_VECTOR / len(chances)
    scores = dict.fromkeys(tiers, 0.0)
    for name, chance in zip(spread(len(model.tiers), tiers), chances.tolist(), strict=True):
        scores[name] += chance
    best = max(scores, key=lambda name: scores[name])
    # Doubt without a vector was set by hand, and no example stands for it.
    sure = scores[best] if vector is None else with_odds(scores[best], model.odds)
    return Classified(best, sure, scores, support)


def _judged(model: TierModel, row: _Array, *, is_embedded: bool) -> tuple[_Array, float | None]:
    """The example tiers' chances, and how usual the row is where that is known."""
    if model.votes is not None and is_embedded:
        return voted(model.votes, row)
    return _softmax((row @ model.weights + model.bias) / model.temperature), None


def with_odds(confidence: float, odds: tuple[float, float]) -> float:
    """A confidence with its log odds sloped and shifted; a larger one stays the larger."""
    slope, offset = odds
    held = min(max(confidence, _LEAST_CHANCE), 1 - _LEAST_CHANCE)
    return float(1 / (1 + np.exp(-(slope * np.log(held / (1 - held)) + offset))))


def fitted_odds(confidence: _Array, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """The slope and offset with the least log loss (Platt 1999), drawn a little towards leaving it as it is."""
    held = np.clip(confidence, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    inputs = np.stack([np.log(held / (1 - held)), np.ones_like(held)], axis=1)
    found, prior = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ found, -_MOST_LOG_ODDS, _MOST_LOG_ODDS)))
        gradient = inputs.T @ (chances - right) + _ODDS_PENALTY * (found - prior)
        curvature = (inputs.T * (chances * (1 - chances))) @ inputs + _ODDS_PENALTY * np.eye(2)
        found = found - np.linalg.solve(curvature, gradient)
    # A slope of nothing or less would turn doubt into certainty.
    return (float(found[0]), float(found[1])) if found[0] > 0 and np.isfinite(found).all() else (1.0, 0.0)


def spread(count: int, tiers: tuple[str, ...]) -> tuple[str, ...]:
    """Which of `tiers` each of `count` ordered example tiers stands for.

    First for first, last for last, those between evenly, in doubt the more
    capable one: of three on two, the middle one counts as the second.
    """
    last = len(tiers) - 1
    return tuple(tiers[-(-index * last // (count - 1))] for index in range(count))


def vocabulary(examples: Sequence[Example]) -> frozenset[str]:
    """All words of the examples."""
    return frozenset(word for example in examples for word in _covering_words(example.text))


def coverage(text: str, known: frozenset[str]) -> float:
    """The share of the text's first words that are known, one imagined known word included."""
    words = _covering_words(text)[:_COVERAGE_WORDS]
    # The imagined word keeps "farewell!" from counting as a foreign language.
    return (1 + sum(word in known for word in words)) / (1 + len(words))


def _covering_words(text: str) -> list[str]:
    found: list[str] = []
    for word in words_of(text[:2_000]):
        signs = _WITHOUT_SPACES.findall(word)
        if signs:
            found += signs
        elif not word.isdigit():
            found.append(word)
    return found


# Thai, Lao, Khmer, kana and Han: a "word" there is a sentence, so its signs are counted.
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def _numbers(features: Features) -> list[float]:
    """The features that tell tiers apart; logarithms, since ten words more mean little in a thousand."""
    material = max(0, features.text_words - features.ask_words)
    lengths = (features.ask_words, material, features.text_words, features.numbers)
    return [
        *(float(np.log1p(length)) for length in lengths),
        float(features.code),
        # Capped: the third verb of a kind says little that the second did not.
        float(min(features.lookup_words, 2)),
        float(min(features.craft_words, 2)),
        float(min(features.reasoning_words, 3)),
        float(min(features.demand_words, 3)),
    ]


def _scaled(row: _Array, mean: _Array, scale: _Array) -> _Array:
    return np.clip((row - mean) / scale, -_MAX_DEVIATION, _MAX_DEVIATION) * _FEATURE_WEIGHT


def _weights(centered: _Array, targets: _Array, penalty: float) -> _Array:
    gram = centered.T @ centered + penalty * np.eye(centered.shape[1])
    return np.asarray(np.linalg.solve(gram, centered.T @ targets), dtype=np.float64)


def _least_log_loss(centered: _Array, targets: _Array, labels: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The penalty and temperature that predict each example best from all others."""
    best = (np.inf, _PENALTIES[0], _TEMPERATURES[0])
    for penalty in _PENALTIES:
        left_out = _leave_one_out(centered, targets, penalty)
        for temperature in _TEMPERATURES:
            loss = _log_loss(_softmax(left_out / temperature), labels)
            best = min(best, (loss, penalty, temperature))
    return best[1], best[2]


def _leave_one_out(centered: _Array, targets: _Array, penalty: float) -> _Array:
    """What a ridge regression without an example predicts for it (Hastie et al., ESL, eq. 7.64)."""
    gram = centered.T @ centered + penalty * np.eye(centered.shape[1])
    halves = np.linalg.solve(gram, centered.T)
    # The hat matrix itself would be as large as the examples squared.  The intercept is fitted
    # too: it adds 1/n to every entry.
    own = (np.einsum("ij,ji->i", centered, halves) + 1 / len(centered))[:, None]
    fitted = centered @ (halves @ targets) + targets.mean(axis=0)
    return np.asarray((fitted - own * targets) / (1 - own), dtype=np.float64)


def _log_loss(chances: _Array, labels: npt.NDArray[np.int64]) -> float:
    return float(-np.log(chances[np.arange(len(labels)), labels] + 1e-12).mean())


def _softmax(logits: _Array) -> _Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float64)
