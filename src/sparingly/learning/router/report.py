"""Sum up measurements over splits: means, 95 % intervals and paired differences.

An interval over seeds is Student's: mean +- t x sd / sqrt(n).  Splits of one table
share prompts, so their scores lie closer together than those of new tables would.  A
difference between two policies is therefore tested with the variance enlarged by test
size over train size (Nadeau and Bengio, "Inference for the generalization error",
Machine Learning 52, 2003); only what that interval leaves above 0 is called better.
"""

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

import numpy as np

from sparingly.core.guarantee.intervals import beta_quantile
from sparingly.learning.router.evaluate_router import Measured, SplitReport
from sparingly.learning.router.scores import Score

# A test part is a third as large as a train part: 20 % and 60 %.
_TEST_TO_TRAIN = 1 / 3
_CONFIDENCE = 0.95
_DIGITS = 5

Json = dict[str, object]
_FIGURES: Mapping[str, Callable[[Score], float]] = {
    "aiqr": lambda one: one.aiqr,
    "aiqr_chosen": lambda one: one.aiqr_chosen,
    "gap_closed": lambda one: one.gap_closed,
    "gap_closed_chosen": lambda one: one.gap_closed_chosen,
    "perf_gain": lambda one: one.perf_gain,
    "cost_save": lambda one: one.cost_save,
    "cost_save_quality_delta": lambda one: one.cost_save_quality_delta,
}


def report(models: Sequence[str], splits: Sequence[SplitReport]) -> Json:
    """The report as JSON: a mean and, as NAME_95, an interval for each figure."""
    names = list(splits[0].policies)
    best = max({one.best for one in splits}, key=[one.best for one in splits].count)
    oracle = [one.policies["oracle"].score.corners[-1] for one in splits]
    return {
        "seeds": len(splits),
        "policies": {name: _policy([one.policies[name] for one in splits]) for name in names},
        "best_single": {
            "model": models[best],
            "quality": _mean([one.singles[one.best].quality for one in splits]),
            "cost_usd": float(np.mean([one.singles[one.best].cost for one in splits])),
        },
        "oracle": {
            "quality": _mean([one.quality for one in oracle]),
            "cost_usd": float(np.mean([one.cost for one in oracle])),
        },
        "models": {
            model: {
                "quality": _mean([one.singles[at].quality for one in splits]),
                "cost_usd": float(np.mean([one.singles[at].cost for one in splits])),
            }
            for at, model in enumerate(models)
        },
        "default_minus": {
            name: paired(
                [one.policies["default"].score.aiqr for one in splits],
                [one.policies[name].score.aiqr for one in splits],
            )
            for name in names
            if name not in {"default", "oracle"}
        },
    }


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's 95 % interval of a mean; the value itself where there is but one."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, mean
    half = student(len(values) - 1) * float(np.std(values, ddof=1)) / sqrt(len(values))
    return mean - half, mean + half


def paired(first: Sequence[float], second: Sequence[float]) -> Json:
    """The mean difference of two policies over the same splits, with the corrected interval."""
    differences = np.asarray(first) - np.asarray(second)
    mean = float(differences.mean())
    half = 0.0
    if len(differences) > 1:
        variance = float(differences.var(ddof=1)) * (1 / len(differences) + _TEST_TO_TRAIN)
        half = student(len(differences) - 1) * sqrt(variance)
    verdict = "better" if mean - half > 0 else "worse" if mean + half < 0 else "tie"
    return {
        "aiqr": _rounded(mean),
        "aiqr_95": [_rounded(mean - half), _rounded(mean + half)],
        "verdict": verdict,
    }


def student(freedom: int, *, confidence: float = _CONFIDENCE) -> float:
    """The two-sided quantile of Student's t, by way of the beta distribution of freedom / (freedom + t^2)."""
    # Clopper and Pearson's module counts in halves as well: beta(freedom / 2, 1 / 2).
    share = beta_quantile(1.0 - confidence, freedom / 2, 0.5)
    return sqrt(freedom * (1.0 - share) / share)


def _policy(measured: Sequence[Measured]) -> Json:
    found: Json = {}
    for name, figure in _FIGURES.items():
        values = [figure(one.score) for one in measured]
        found[name] = _mean(values)
        found[f"{name}_95"] = [_rounded(end) for end in interval(values)]
    times = [time for one in measured for time in one.route_us]
    if times:
        p50, p99 = np.percentile(times, [50, 99])
        found["route_us"] = {"p50": round(float(p50), 1), "p99": round(float(p99), 1)}
        found["knobs"] = [one.knobs for one in measured]
    return found


def _mean(values: Sequence[float]) -> float:
    return _rounded(float(np.mean(values)))


def _rounded(value: float) -> float:
    return round(value, _DIGITS)
