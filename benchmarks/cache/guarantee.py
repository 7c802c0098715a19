"""Does the stated error hold?  On random splits, in time order, and when the traffic drifts.

Each question of a stream is a request, every request is inserted; half of the requests calibrate, the
other half is what comes later.

 splits   200 random splits (100 shuffles, each half once the calibration part).  `mean`: conformal risk
          control; its mean error over the splits must be within the bound.  `confidence`: Learn then Test at
          95 %, whose error on the whole stream (the population that the sample is drawn from)
          may be above the bound in 5 % of runs.  `ahead`: 95 % on the error seen in the other half,
          which is what `sparingly tune` uses: above the bound in 5 % of runs.
 order    the same in time order, drawn beside the result: as calibrated, as calibrated with allowance for growth (`tune`), and with the bar
          moved by the labels that come in (`core.recalibration`), from either start.
 drift    requests drawn from a random half, so that nothing else drifts: 4,000 as they are, then up to 20,000
          in which hits turn wrong at random until wrong hits are three times the bound.  Is the alarm raised, how
          soon, and what does the bar do?  And without drift, at an error of just the bound: how often?

Labels arrive for every request, at once.  Trials depend on the score that is plugged in: `cosine`, or a judge.

    python -m benchmarks.cache.guarantee --cache FOLDER                   writes results/guarantee.json
    python -m benchmarks.cache.guarantee --cache FOLDER --score fitted    writes results/guarantee_fitted.json
"""

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.cache.guarantee_order import CONFIDENCE, Ordered, in_order, observations
from benchmarks.cache.guarantee_streams import STREAMS, Cosine, Scorer, shipped, trials
from benchmarks.cache.order_picture import order_picture
from benchmarks.result import RESULTS, write_result
from sparingly.core.guarantee.calibration import (
    Bound,
    Calibrated,
    Point,
    Trials,
    calibrated,
    tally,
)
from sparingly.core.guarantee.drift import Watch, is_alarmed, watched
from sparingly.core.guarantee.growth import growth
from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.core.guarantee.recalibration import Tuned, monitor, observed
from sparingly.core.policy import CachePolicy

NAME = "guarantee"
BOUNDS = (0.05, 0.02, 0.01, 0.005)
SPLITS = 200
# Requests of each run that looks for false alarms; by Ville's inequality the length does not matter.
_CALM_REQUESTS = 20_000
_CALM_RUNS = 200
_DRIFT_RUNS = 20
_DRIFT_TIMES = 3.0
_BEFORE, _MOST_AFTER, _AFTER_ALARM = 4_000, 20_000, 2_000


class Split(msgspec.Struct, frozen=True):
    """One promise over all random splits; risks as shares of the bound."""

    runs: int
    without_point: int
    mean_error: float
    mean_error_se: float
    above: int
    above_share: float
    above_ci95: tuple[float, float]
    mean_hit_rate: float


class Drift(msgspec.Struct, frozen=True):
    """What the alarm did over runs with an injected drift.

    `too_soon` are alarms before the drift; errors are those with the bar moving.
    """

    runs: int
    raised: int
    too_soon: int
    median_requests_to_alarm: float | None
    mean_error_before: float | None
    mean_error_to_alarm: float | None
    mean_error_after_alarm: float | None


class Calm(msgspec.Struct, frozen=True):
    """False alarms, ever, in runs at the bound; they depend on no stream."""

    bound: float
    runs: int
    requests: int
    false_alarms: int
    share_ci95: tuple[float, float]


class Found(msgspec.Struct, frozen=True):
    """One stream at one bound."""

    stream: str
    bound: float
    requests: int
    growth: float
    splits: dict[str, Split]
    order: dict[str, Ordered]
    drift: Drift


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--streams", nargs="+", choices=sorted(STREAMS), default=sorted(STREAMS))
    parser.add_argument("--score", choices=["cosine", "fitted"], default="cosine")
    parser.add_argument("--cache", type=Path, help="a folder that keeps vectors and trials between runs")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    args = parser.parse_args()

    begun, found = time.perf_counter(), []
    scorer: Scorer = Cosine() if args.score == "cosine" else shipped()
    for name in args.streams:
        whole = _kept(name, scorer, args.seed, args.cache)
        for bound in BOUNDS:
            one = measured(name, whole, bound, seed=args.seed)
            found.append(one)
            print(msgspec.json.format(msgspec.json.encode(one)).decode(), flush=True)
    quiet = [calm(bound, seed=args.seed) for bound in BOUNDS]
    verdict = verdicts(found, quiet)
    print(verdict, f"{time.perf_counter() - begun:.0f} s")
    if not args.dry and RESULTS.is_dir():
        figures = {
            "what": "does the stated error hold, for bounds on wrong hits per request",
            "score": scorer.name,
            "seed": args.seed,
            "confidence": CONFIDENCE,
            "summary": verdict,
            "calm": msgspec.to_builtins(quiet),
            "streams": msgspec.to_builtins(found),
        }
        name = NAME if scorer.name == "cosine" else f"{NAME}_{scorer.name}"
        (RESULTS / f"{name}.svg").write_text(order_picture(figures["streams"]), encoding="utf-8")
        print(write_result(name, figures, packages=("numpy", "onnxruntime")))


def _kept(name: str, scorer: Scorer, seed: int, cache: Path | None) -> Trials:
    """Trials take a search over all pairs of questions; a folder keeps them, but for a judge's, which changes."""
    path = (
        None
        if cache is None or scorer.name != "cosine"
        else cache / f"trials_{name}_{scorer.name}_{seed}.npz"
    )
    if path is not None and path.exists():
        with np.load(path) as kept:
            return Trials(kept["scores"], kept["right"], kept["wrong"])
    made = trials(name, scorer, seed=seed, k=CachePolicy().k, cache=cache)
    if path is not None:
        np.savez(path, scores=made.scores, right=made.right, wrong=made.wrong)
    return made


def measured(name: str, whole: Trials, bound: float, *, seed: int) -> Found:
    """Everything about one stream at one bound."""
    earlier = whole.part(slice(0, len(whole) // 2))
    return Found(
        stream=name,
        bound=bound,
        requests=len(whole),
        growth=round(growth(earlier), 3),
        splits=splits(whole, bound, seed=seed),
        order=in_order(whole, bound),
        drift=drift(whole, bound, seed=seed),
    )


def splits(whole: Trials, bound: float, *, seed: int) -> dict[str, Split]:
    """The three promises over the same random splits."""
    half = len(whole) // 2
    found: dict[str, list[tuple[float, float] | None]] = {"mean": [], "confidence": [], "ahead": []}
    for calibration, other in _halves(whole, seed):
        points = {
            "mean": (calibrated(calibration, Bound(bound, None)), other),
            "confidence": (calibrated(calibration, Bound(bound, CONFIDENCE)), whole),
            "ahead": (calibrated(calibration, Bound(bound, CONFIDENCE), later=half), other),
        }
        for promise, (point, judged_on) in points.items():
            found[promise].append(_risk(point, judged_on, other))
    return {promise: _split(runs, bound) for promise, runs in found.items()}


def _halves(whole: Trials, seed: int) -> Iterator[tuple[Trials, Trials]]:
    rng = np.random.default_rng(seed)
    for _ in range(SPLITS // 2):
        order = rng.permutation(len(whole))
        one, two = whole.part(order[: len(whole) // 2]), whole.part(order[len(whole) // 2 :])
        yield one, two
        yield two, one


def _risk(point: Calibrated, judged_on: Trials, other: Trials) -> tuple[float, float] | None:
    if not isinstance(point, Point):
        return None
    served = tally(other, point.threshold)
    return tally(judged_on, point.threshold).error, served.hits / served.requests


def _split(runs: list[tuple[float, float] | None], bound: float) -> Split:
    # Without a point nothing is served by closeness, and nothing is wrong.
    errors = np.array([0.0 if run is None else run[0] for run in runs])
    pairs = errors.reshape(-1, 2).mean(axis=1)
    above = int(np.count_nonzero(errors > bound))
    return Split(
        runs=len(runs),
        without_point=sum(run is None for run in runs),
        mean_error=float(errors.mean()),
        # The two halves of a shuffle depend on each other, so the shuffles are counted.
        mean_error_se=float(pairs.std(ddof=1) / np.sqrt(len(pairs))),
        above=above,
        above_share=above / len(runs),
        above_ci95=clopper_pearson(above, len(runs)),
        mean_hit_rate=float(np.mean([0.0 if run is None else run[1] for run in runs])),
    )


def drift(whole: Trials, bound: float, *, seed: int) -> Drift:
    """Requests drawn from a stream without order, whose hits turn wrong more often from some moment on."""
    runs = [
        run for number in range(_DRIFT_RUNS) if (run := _drift_run(whole, bound, seed, number)) is not None
    ]
    waits = [run.waited for run in runs if run.waited is not None]
    return Drift(
        runs=len(runs),
        raised=len(waits),
        too_soon=sum(run.too_soon for run in runs),
        median_requests_to_alarm=float(np.median(waits)) if waits else None,
        mean_error_before=float(np.mean([run.before for run in runs])) if runs else None,
        mean_error_to_alarm=float(np.mean([run.until for run in runs])) if runs else None,
        mean_error_after_alarm=float(np.mean([run.after for run in runs if run.after is not None]))
        if waits
        else None,
    )


def calm(bound: float, *, seed: int, runs: int = _CALM_RUNS, requests: int = _CALM_REQUESTS) -> Calm:
    """Runs without a drift, wrong with a chance of exactly the bound: the worst of calm."""
    rngs = [random.Random(f"{seed} {run}") for run in range(runs)]
    false_alarms = sum(_false_alarm(bound, rng, requests) for rng in rngs)
    return Calm(
        bound=bound,
        runs=runs,
        requests=requests,
        false_alarms=false_alarms,
        share_ci95=clopper_pearson(false_alarms, runs),
    )


class _Run(msgspec.Struct, frozen=True):
    """One run with a drift: requests from the drift to the alarm, and the errors around it."""

    waited: int | None
    too_soon: bool
    before: float
    until: float
    after: float | None


def _drift_run(whole: Trials, bound: float, seed: int, number: int) -> _Run | None:
    rng = np.random.default_rng([seed, number])
    half = len(whole) // 2
    order = rng.permutation(len(whole))
    point = calibrated(whole.part(order[:half]), Bound(bound, CONFIDENCE), later=half)
    if not isinstance(point, Point):
        return None
    rest = whole.part(order[half:])
    calm = rest.part(rng.integers(len(rest), size=_BEFORE))
    bad = _drifted(rest.part(rng.integers(len(rest), size=_MOST_AFTER)), point.threshold, bound, rng)

    now = monitor(Tuned(point.threshold, bound))
    for observation in observations(calm):
        now = observed(now, observation)
    wrong, alarms = now.wrong, now.alarms
    waited, until = None, 0
    for index, observation in enumerate(observations(bad), start=1):
        now = observed(now, observation)
        if waited is None and now.alarms > alarms:
            waited, until = index, now.wrong - wrong
        if waited is not None and index == waited + _AFTER_ALARM:
            break
    after = None if waited is None else (now.wrong - wrong - until) / max(1, now.seen - _BEFORE - waited)
    if waited is None:
        until = now.wrong - wrong
    return _Run(waited, alarms > 0, wrong / _BEFORE, until / (waited or _MOST_AFTER), after)


def _drifted(part: Trials, threshold: float, bound: float, rng: np.random.Generator) -> Trials:
    """Hits that were right or unjudged turn wrong, until wrong hits are three times the bound."""
    served = (part.scores >= threshold) & np.isfinite(part.scores)
    missing = round(_DRIFT_TIMES * bound * len(part)) - int(np.count_nonzero(served & part.wrong))
    turning = rng.permutation(np.flatnonzero(served & ~part.wrong))[: max(0, missing)]
    wrong, right = part.wrong.copy(), part.right.copy()
    wrong[turning], right[turning] = True, False
    return Trials(part.scores, right, wrong)


def _false_alarm(bound: float, rng: random.Random, requests: int) -> bool:
    """Whether a calm run ever raises an alarm."""
    watch = Watch()
    for _ in range(requests):
        watch = watched(watch, wrong=rng.random() < bound, bound=bound)
        if is_alarmed(watch, false_alarm=Tuned(0.0, bound).false_alarm):
            return True
    return False


def verdicts(found: list[Found], quiet: list[Calm]) -> dict[str, object]:
    """The worst of each figure that has a target."""
    return {
        "worst_mean_error_over_bound": max(one.splits["mean"].mean_error / one.bound for one in found),
        "worst_share_above_confidence": max(one.splits["confidence"].above_share for one in found),
        "worst_share_above_ahead": max(one.splits["ahead"].above_share for one in found),
        "worst_overshoot": {
            way: max(one.order[way].overshoot for one in found) for way in (found[0].order if found else {})
        },
        "drift_runs": sum(one.drift.runs for one in found),
        "drift_alarms": sum(one.drift.raised for one in found),
        "drift_alarms_too_soon": sum(one.drift.too_soon for one in found),
        "calm_runs": sum(one.runs for one in quiet),
        "false_alarms": sum(one.false_alarms for one in quiet),
    }


if __name__ == "__main__":
    main()
