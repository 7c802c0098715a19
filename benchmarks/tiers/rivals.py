"""Other ways to sort prompts into tiers, for comparison with `core.classifying`.

Each takes labelled examples with their vectors and says what it thinks of
others; none sees more than the shipped classifier does.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sparingly.core.features import text_features
from sparingly.core.routing.classifying import Example, classify, fit
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector
from sparingly.learning.router.tier_examples import SHIPPED_TIERS

Floats = npt.NDArray[np.float64]

NEIGHBORS = 15
# Softmax temperatures with the least log loss on the examples, found by hand.
NEIGHBOR_TEMPERATURE = 0.05
CENTROID_TEMPERATURE = 0.05
# A penalty of 1/10 a coefficient, as the best of 1, 1/3, 1/10 and 1/30.
LOGISTIC_PENALTY = 0.1
LOGISTIC_STEPS = 500
# With the least log loss on the examples, by hand.
DISCRIMINANT_PENALTY = 0.003
DISCRIMINANT_TEMPERATURE = 1.4


def neighbors(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> list[Classified | None]:
    """The closest examples vote, closer ones louder."""
    del test
    known, labels = np.array(vectors, dtype=np.float64), _labels(train)
    said: list[Classified | None] = []
    for vector in asked:
        similarity = known @ vector
        closest = np.argsort(-similarity)[:NEIGHBORS]
        votes = np.zeros(len(SHIPPED_TIERS))
        np.add.at(votes, labels[closest], np.exp(similarity[closest] / NEIGHBOR_TEMPERATURE))
        said.append(_said(votes / votes.sum()))
    return said


def centroids(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> list[Classified | None]:
    """The closest mean of a tier's examples wins."""
    del test
    known, labels = np.array(vectors, dtype=np.float64), _labels(train)
    means = np.array([known[labels == rank].mean(axis=0) for rank in range(len(SHIPPED_TIERS))])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return [_said(_softmax(np.asarray(means @ vector / CENTROID_TEMPERATURE))) for vector in asked]


def logistic(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> list[Classified | None]:
    """Multinomial logistic regression on embeddings, by accelerated gradient descent."""
    del test
    known, labels = np.array(vectors, dtype=np.float64), _labels(train)
    center = known.mean(axis=0)
    inputs = np.hstack([known - center, np.ones((len(known), 1))])
    targets = np.eye(len(SHIPPED_TIERS))[labels]
    weights = np.zeros((inputs.shape[1], len(SHIPPED_TIERS)))
    ahead = weights
    # 1/L, L being the largest curvature: half the largest eigenvalue of the Gram matrix, plus the penalty.
    step = 1 / (0.5 * float(np.linalg.norm(inputs, 2)) ** 2 + LOGISTIC_PENALTY)
    for number in range(LOGISTIC_STEPS):
        powers = np.exp(inputs @ ahead)
        chances = powers / powers.sum(axis=1, keepdims=True)
        gradient = inputs.T @ (chances - targets) + LOGISTIC_PENALTY * ahead
        following = ahead - step * gradient
        ahead = following + number / (number + 3) * (following - weights)
        weights = following
    return [_said(_softmax(np.append(vector - center, 1.0) @ weights)) for vector in asked]


def discriminant(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> list[Classified | None]:
    """Tiers by their means and the scatter around them (linear discriminant analysis)."""
    del test
    known, members = np.array(vectors, dtype=np.float64), np.eye(len(SHIPPED_TIERS))[_labels(train)]
    sizes = members.sum(axis=0)
    means = (members.T @ known) / sizes[:, None]
    around = known - members @ means
    scatter = around.T @ around / len(known) + DISCRIMINANT_PENALTY * np.eye(known.shape[1])
    weights = np.linalg.solve(scatter, means.T)
    bias = np.log(sizes / len(known)) - 0.5 * np.einsum("ij,ji->i", means, weights)
    return [_said(_softmax((vector @ weights + bias) / DISCRIMINANT_TEMPERATURE)) for vector in asked]


def embedding_only(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> list[Classified | None]:
    """The shipped classifier with all features of one and the same text."""
    same = text_features("")
    blank = [Example("", example.tier) for example in train]
    model = fit(blank, vectors, tiers=SHIPPED_TIERS)
    del test
    return [classify(model, text="", features=same, vector=vector, tiers=SHIPPED_TIERS) for vector in asked]


def features_only(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> list[Classified | None]:
    """The shipped classifier with one and the same vector for all."""
    same = np.zeros_like(vectors[0])
    model = fit(train, [same] * len(train), tiers=SHIPPED_TIERS)
    del asked
    return [
        classify(model, text=one.text, features=text_features(one.text), vector=same, tiers=SHIPPED_TIERS)
        for one in test
    ]


RIVALS = {
    "embedding only": embedding_only,
    "features only": features_only,
    "nearest neighbors": neighbors,
    "centroids": centroids,
    "discriminant": discriminant,
    "logistic regression": logistic,
}


def _labels(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    return np.array([SHIPPED_TIERS.index(example.tier) for example in examples])


def _said(chances: Floats) -> Classified:
    best = int(chances.argmax())
    return Classified(SHIPPED_TIERS[best], float(chances[best]))


def _softmax(logits: npt.NDArray[np.floating]) -> Floats:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), dtype=np.float64)
