"""What else could tell which model a prompt needs?  Tried on MMLU-Pro, where `default` closes least of the gap.

    python -m benchmarks.routing.limits [--table mmlu_pro] [--seeds 6] [--vectors DIR]

All figures are of validation parts, since this is where such things would be chosen:
 - `counted`: besides embedding, words and sizes, what can be counted in a question with options (their number and
   lengths, digits, signs of formulas, rare forms of asking);
 - `difficulty N`: N latent properties of a prompt, read from its embedding and what is counted, and how much of each
   every model can bear, as a logistic model (item response theory); in the place of the shared part of `default`,
   and as half of it;
 - `true label`: the mean outcomes of the prompt's own group in train, which no router is told.
"""

import argparse
import re
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from benchmarks.routing.tables import PACKAGES, with_vectors
from sparingly.core.routing.estimators import Prompts, estimated
from sparingly.core.routing.prompt_terms import Terms, terms_of
from sparingly.core.routing.router_model import estimated_dollars
from sparingly.learning.router.area import weights_for
from sparingly.learning.router.evaluate_router import known
from sparingly.learning.router.fit import fit_costs
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.policies import Known, area_of, default_estimator
from sparingly.learning.router.report import paired
from sparingly.learning.router.ridge_fit import fit_linear
from sparingly.learning.router.scores import yardstick
from sparingly.learning.router.split import split_rows

Floats = npt.NDArray[np.float64]

LATENT: Final = (1, 2, 4)
# As large as the sizes that `default` sees beside an embedding.
COUNTED_WEIGHT: Final = 0.06
_OPTION = re.compile(r"\n[A-Z]\. ")
_STEPS, _RATE, _PENALTY = 150, 0.03, 10.0
# A group's mean counts as much as this many prompts of the whole table.
_GROUP_PRIOR = 20.0


def main() -> None:
    """Measure and write benchmarks/results/routing_limits.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", default="mmlu_pro")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    table, vectors = with_vectors(options.table, options.vectors)
    terms = [terms_of(prompt) for prompt in table.prompts]
    more = np.array([counted(prompt) for prompt in table.prompts])
    gaps: dict[str, list[float]] = {}
    for seed in range(options.seeds):
        for name, gap in on_split(table, vectors, terms, more, seed).items():
            gaps.setdefault(name, []).append(gap)
        print(seed, {name: round(values[-1], 4) for name, values in gaps.items()}, flush=True)
    figures = {
        name: {
            "gap_closed_on_validation": round(float(np.mean(values)), 4),
            "minus_default": None if name == "default" else _difference(values, gaps["default"]),
        }
        for name, values in gaps.items()
    }
    write_result(
        "routing_limits",
        {"table": options.table, "seeds": options.seeds, "variants": figures},
        packages=PACKAGES,
    )


def on_split(
    table: OutcomeTable, vectors: npt.NDArray[np.float32], terms: list[Terms], more: Floats, seed: int
) -> dict[str, float]:
    """The share of the gap that each variant closes on validation."""
    split = split_rows(table.prompts, seed=seed)
    train, validation = (known(table, vectors, terms, rows.tolist()) for rows in split[:2])
    costs, weights = fit_costs(train.prompts, train.table), weights_for(train.table.costs)
    dollars = estimated_dollars(costs, validation.prompts)
    by = yardstick(train.table, train.table, validation.table, weights)

    def gap(quality: Floats) -> float:
        area = area_of(quality.astype(np.float32), dollars, validation.table, weights)
        return (area - by.floor) / (by.ceiling - by.floor)

    shares = more[split.train].mean(axis=0), more[split.train].std(axis=0) + 1e-6
    scaled = COUNTED_WEIGHT * np.clip((more - shares[0]) / shares[1], -3.0, 3.0)
    wide = [_widened(part, scaled[rows]) for part, rows in zip((train, validation), split, strict=False)]
    default = default_estimator(train, seed=seed)
    quality = estimated(default, validation.prompts).astype(np.float64)
    local = estimated(default.parts[1], validation.prompts).astype(np.float64)
    share = default.shares[1]
    found = {
        "default": gap(quality),
        "counted": gap((1 - share) * estimated(fit_linear(wide[0], train.outcomes), wide[1]) + share * local),
        "true label": gap(_by_group(train.table, validation.table)),
    }
    inputs = [part.vectors.astype(np.float64) for part in wide]
    center = inputs[0].mean(axis=0)
    for latent in LATENT:
        bearing = fit_difficulty(inputs[0] - center, train.table.scores, latent)
        told = bearing(inputs[1] - center)
        found[f"difficulty {latent}"] = gap((1 - share) * told + share * local)
        found[f"difficulty {latent}, as half of the default"] = gap((told + quality) / 2)
    return found


def counted(prompt: str) -> list[float]:
    """What can be counted in a question with options."""
    question, *options = _OPTION.split(prompt)
    words, lengths = prompt.split(), [len(option) for option in options] or [0]
    return [
        float(len(options)),
        float(np.log1p(len(question))),
        float(np.log1p(np.mean(lengths))),
        float(np.log1p(np.std(lengths))),
        sum(any(sign.isdigit() for sign in option) for option in options) / max(1, len(options)),
        10 * sum(sign.isdigit() for sign in prompt) / max(1, len(prompt)),
        10 * sum(sign in "\\^_{}$=+*/<>" for sign in prompt) / max(1, len(prompt)),
        float(np.mean([len(word) for word in words] or [0])),
        len(set(words)) / max(1, len(words)),
        float("not" in question.lower().split()),
        float("statement 1" in prompt.lower()),
        float("__" in question),
        float(question.count("?")),
    ]


class Difficulty:
    """Outcomes from latent properties of prompts: sigmoid(ease of the model + bearing . (inputs @ reading))."""

    def __init__(self, reading: Floats, bearing: Floats, ease: Floats) -> None:
        self._reading, self._bearing, self._ease = reading, bearing, ease

    def __call__(self, inputs: Floats) -> Floats:
        """The outcomes, a row a prompt."""
        return _sigmoid(inputs @ self._reading @ self._bearing.T + self._ease)


def fit_difficulty(inputs: Floats, scores: Floats, latent: int) -> Difficulty:
    """Fit by full-batch Adam from the outcomes' principal components on; there is no seed."""
    means = np.clip(scores.mean(axis=0), 0.02, 0.98)
    components = np.linalg.svd(scores - scores.mean(axis=0), full_matrices=False)[2]
    parts = [np.zeros((inputs.shape[1], latent)), 2.0 * components[:latent].T, np.log(means / (1 - means))]
    moments, squares = ([np.zeros_like(part) for part in parts] for _ in range(2))
    for step in range(1, _STEPS + 1):
        reading, bearing, ease = parts
        told = inputs @ reading
        missed = (_sigmoid(told @ bearing.T + ease) - scores) / len(scores)
        slopes = [
            inputs.T @ (missed @ bearing) + _PENALTY * reading / len(scores),
            missed.T @ told,
            missed.sum(axis=0),
        ]
        for at, slope in enumerate(slopes):
            moments[at] = 0.9 * moments[at] + 0.1 * slope
            squares[at] = 0.99 * squares[at] + 0.01 * slope**2
            size = np.sqrt(squares[at] / (1 - 0.99**step)) + 1e-8
            parts[at] = parts[at] - _RATE * moments[at] / (1 - 0.9**step) / size
    return Difficulty(*parts)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30.0, 30.0))), dtype=np.float64)


def _widened(part: Known, more: Floats) -> Prompts:
    return Prompts(np.hstack([part.prompts.vectors, more]).astype(np.float32), part.prompts.terms)


def _by_group(train: OutcomeTable, asked: OutcomeTable) -> Floats:
    mean = train.scores.mean(axis=0)
    groups = np.array(train.groups)
    by_group = {
        name: (train.scores[groups == name].sum(axis=0) + _GROUP_PRIOR * mean)
        / ((groups == name).sum() + _GROUP_PRIOR)
        for name in set(asked.groups)
    }
    return np.array([by_group[name] for name in asked.groups])


def _difference(values: list[float], others: list[float]) -> dict[str, object]:
    """The paired difference, with its interval over splits."""
    found = paired(values, others)
    return {"gap_closed": found["aiqr"], "gap_closed_95": found["aiqr_95"], "verdict": found["verdict"]}


if __name__ == "__main__":
    main()
