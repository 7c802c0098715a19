"""Measure the judge against the static cosine threshold of the same embedder, on the same sets in one run.

Splits: the judge is fitted on the train part of QQP and of the medical pairs, on one half of the traps and of
CacheSafety (small_sets.py) and on pairs made from raw questions (learning/judge/train_judge.py); its log odds and stated
errors come from the calibrate parts; everything here is measured on the report parts, on the other halves and on the
docs bot, which was never fitted on.  Their aggregate figures were in sight when the design was settled (neighbors that
nobody compared as different, columns of one direction, no candidate far behind the closest, the operating point); their
lines were not, but for half of the docs bot's clusters.  So the figures flatter it a little; data never seen is the real
check.  Rivals, ablations and left-out domains are trees fitted anew on the rows of the shipped
judge, so word rarities and weights stay those of all domains.

    python -m benchmarks.judge.measure --vectors FOLDER        writes results/judge.json
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import needed_folder
from benchmarks.judge.figures import at_bounds, at_point, auc, calibration, curve, multiples
from benchmarks.judge.picture import picture
from benchmarks.judge.rivals import rivals
from benchmarks.judge.sets import docs_stream, measured_half, medical_pairs, qqp_stream
from benchmarks.judge.small_sets import SMALL, fitted_half
from benchmarks.kept_vectors import KeptVectors
from benchmarks.result import RESULTS, write_result
from sparingly.core.evidence.guards import GUARDS, PROFILES
from sparingly.core.evidence.pairing import NAMES
from sparingly.core.judging.judge import MOST_BEHIND
from sparingly.core.judging.model import JudgeModel, dump_judge
from sparingly.learning.judge.fit import fitted_odds, fitted_trees
from sparingly.learning.judge.labelled_pairs import read_pairs, read_texts
from sparingly.learning.judge.rows import Part
from sparingly.learning.judge.streams import Best, Measured, Score, best_candidates
from sparingly.learning.judge.train_judge import Fitted, Material, train_judge

_PAIRS: Final = ("qqp", "medical")
_TEXTS: Final = {
    "banking77": "intents/banking77_train",
    "clinc150": "intents/clinc150_train",
    "situatedqa": "freshness/situatedqa_train",
}
_STATIC: Final = (0.85, 0.9, 0.95)
_POINTS: Final = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
_GROUPS: Final = {
    "margins to neighbors": ("margin_next", "gap_to_best", "mean_similarity", "others_close"),
    "word meanings": ("soft_asked", "soft_stored", "soft_most", "soft_heaviest", "heaviest_alike"),
    "learned word weights": ("learned",),
    "rarity-weighted words": (
        "unmatched_asked", "unmatched_stored", "unmatched_most", "unmatched_least", "unmatched_weight", "overlap",
        "heaviest_asked", "heaviest_stored",
    ),
    "numbers, negation, opposites, names": (
        *(name for name in NAMES if name.startswith(("numbers", "names"))), "negation", "opposites",
    ),
    "kind and order": (
        "same_kind", "kind_asked", "kind_stored", "same_first", "same_last", "disorder", "reversed", "swapped",
    ),
}  # fmt: skip


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--vectors", type=Path, required=True, help="a folder that keeps vectors between runs"
    )
    parser.add_argument("--write-judge", type=Path, help="write the fitted judge here too")
    parser.add_argument("--quick", action="store_true", help="without rivals, ablations and left-out domains")
    args = parser.parse_args()

    kept = KeptVectors(args.vectors)
    fitted = train_judge(
        material(), embedder=kept.name, embed=kept.embed, vocabulary=kept.vocabulary(), tell=print
    )
    judge = fitted.judge
    if args.write_judge is not None:
        args.write_judge.write_bytes(dump_judge(judge))
    sets = measured_sets(judge, kept.embed)
    compared = {name: _compared(found, judge) for name, found in sets.items()}
    figures = {
        "what": __doc__,
        "embedder": judge.embedder,
        "bytes": len(dump_judge(judge)),
        "trees": len(judge.trees.roots),
        "rows": len(fitted.train.same),
        "operating_point": judge.probability,
        "sets": compared,
        "guards": _guards(sets, judge),
    }
    if not args.quick:
        figures["rivals"] = _rivals(fitted, sets)
        figures["without"] = _ablations(fitted, sets)
        figures["left_out_domains"] = _left_out(fitted, sets)
        figures["left_out_changes"] = _left_out_changes(fitted)
    (RESULTS / "judge.svg").write_text(picture(compared), encoding="utf-8")
    print(write_result("judge", figures, packages=("numpy", "scikit-learn", "onnxruntime")))


def material() -> Material:
    """The data that the shipped judge is fitted from."""
    folder = needed_folder()
    return Material(
        pairs={
            **{name: read_pairs(folder / "pairs" / f"{name}.jsonl.gz") for name in _PAIRS},
            **{name: fitted_half(name) for name in SMALL},
        },
        texts={name: read_texts(folder / f"{path}.jsonl.gz") for name, path in _TEXTS.items()},
    )


def measured_sets(
    judge: JudgeModel, embed: Callable[[Sequence[str]], npt.NDArray[np.float32]]
) -> dict[str, Measured]:
    """All sets by name."""
    return {
        "qqp": qqp_stream(judge, embed, "report"),
        "medical": medical_pairs(judge, embed, "report"),
        **{name: measured_half(judge, embed, name) for name in SMALL},
        "osschat": docs_stream(judge, embed),
    }


def _served(found: Measured, judge: JudgeModel) -> Best:
    """As by default: the guards of the general profile, the judge's own floor."""
    return best_candidates(
        found, judge.probabilities, guards=PROFILES["general"], floor=judge.floor, most_behind=MOST_BEHIND
    )


def _static(found: Measured) -> Best:
    return best_candidates(found, lambda rows: rows[:, 0].astype(np.float64))


def _compared(found: Measured, judge: JudgeModel) -> dict[str, object]:
    ours, static = _served(found, judge), _static(found)
    ours_at, static_at = at_bounds(ours), at_bounds(static)
    return {
        "requests": len(ours.scores),
        "repeats": found.repeats,
        "auc": {"judge": auc(ours), "static": auc(static)},
        "right_hits": msgspec.to_builtins({"judge": ours_at, "static": static_at}),
        "times_static": multiples(ours_at, static_at),
        "judge_at": {
            str(point): msgspec.to_builtins(at_point(ours, point, repeats=found.repeats)) for point in _POINTS
        },
        "static_at": {
            str(point): msgspec.to_builtins(at_point(static, point, repeats=found.repeats))
            for point in _STATIC
        },
        "served_by_kind": _by_kind(found, ours, judge.probability),
        "calibration": calibration(ours),
        "curves": {"judge": curve(ours), "static": curve(static)},
    }


def _by_kind(found: Measured, best: Best, point: float) -> dict[str, str]:
    kinds = sorted(set(found.tags) - {""})
    hit, tags = best.scores >= point, np.array(found.tags)
    return {kind: f"{int(hit[tags == kind].sum())} of {int((tags == kind).sum())}" for kind in kinds}


def _guards(sets: Mapping[str, Measured], judge: JudgeModel) -> dict[str, dict[str, object]]:
    """What each guard alone takes from the judge's hits at its operating point."""
    told: dict[str, dict[str, object]] = {}
    profile = tuple(sorted(PROFILES["general"]))
    for name, found in sets.items():
        alone = best_candidates(found, judge.probabilities, floor=judge.floor, most_behind=MOST_BEHIND)
        before = at_point(alone, judge.probability, repeats=found.repeats)
        rows: dict[str, object] = {"none": msgspec.to_builtins(before)}
        for label, guards in [*((guard, (guard,)) for guard in GUARDS), ("general profile", profile)]:
            best = best_candidates(
                found, judge.probabilities, guards=guards, floor=judge.floor, most_behind=MOST_BEHIND
            )
            rows[label] = msgspec.to_builtins(at_point(best, judge.probability, repeats=found.repeats))
        told[name] = rows
    return told


def _short(score: Score, sets: Mapping[str, Measured]) -> dict[str, object]:
    """The figures that decide between models: QQP at bounds, AUC everywhere."""
    best = {name: best_candidates(found, score, most_behind=MOST_BEHIND) for name, found in sets.items()}
    return {
        "qqp_right_hits": {name: point.right for name, point in at_bounds(best["qqp"]).items()},
        "auc": {name: auc(one) for name, one in best.items()},
    }


def _refitted(fitted: Fitted, rows: npt.NDArray[np.bool_], columns: Sequence[str] = ()) -> Score:
    """Trees on some rows, blind to some columns."""
    blind = [NAMES.index(name) for name in columns]

    def seen(table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if not blind:
            return table
        table = table.copy()
        table[:, blind] = 0.0
        return table

    part = fitted.train
    chosen = np.flatnonzero(rows)
    trees = fitted_trees(
        Part(
            seen(part.rows[chosen]),
            part.same[chosen],
            part.weights[chosen],
            tuple(part.tags[at] for at in chosen),
        ),
        seed=0,
    )
    slope, shift = fitted_odds(trees, seen(fitted.calibrate.rows), fitted.calibrate.same)
    return lambda table: 1 / (1 + np.exp(-(slope * trees.sums(seen(table)) + shift)))


def _rivals(fitted: Fitted, sets: Mapping[str, Measured]) -> dict[str, object]:
    told: dict[str, object] = {
        "static cosine": _short(lambda rows: rows[:, 0].astype(np.float64), sets),
        "boosted trees (shipped)": _short(fitted.judge.probabilities, sets),
    }
    for name, fit in rivals(fitted.train, seed=0).items():
        begun = time.perf_counter()
        score = fit()
        told[name] = {**_short(score, sets), "fit_s": round(time.perf_counter() - begun, 1)}
        print(name, told[name])
    return told


def _ablations(fitted: Fitted, sets: Mapping[str, Measured]) -> dict[str, object]:
    every = np.ones(len(fitted.train.same), dtype=np.bool_)
    kinds = np.array([tag.partition(":")[2] for tag in fitted.train.tags])
    made = (kinds != "") & (kinds != "intent") & (kinds != "unjudged")
    told = {name: _short(_refitted(fitted, every, columns), sets) for name, columns in _GROUPS.items()}
    told["made pairs"] = _short(_refitted(fitted, ~made), sets)
    told["neighbors of other intents"] = _short(_refitted(fitted, kinds != "intent"), sets)
    told["neighbors nobody compared"] = _short(_refitted(fitted, kinds != "unjudged"), sets)
    print("ablations", told)
    return dict(told)


def _left_out(fitted: Fitted, sets: Mapping[str, Measured]) -> dict[str, object]:
    """Trees that have seen no row of a domain, on that domain."""
    domains = np.array([tag.partition(":")[0] for tag in fitted.train.tags])
    told: dict[str, object] = {}
    for domain in (*_PAIRS, *SMALL, *_TEXTS):
        found = _short(_refitted(fitted, domains != domain), sets)
        told[domain] = found
    print("left out", told)
    return told


def _left_out_changes(fitted: Fitted) -> dict[str, dict[str, float]]:
    """Made pairs of a kind, judged by trees that saw that kind and by trees that did not: share served."""
    kinds = np.array([tag.partition(":")[2] for tag in fitted.train.tags])
    told: dict[str, dict[str, float]] = {}
    for kind in (
        "number",
        "entity",
        "negation",
        "direction",
        "action",
        "principal",
        "polite",
        "lead",
        "synonym",
    ):
        mine = kinds == kind
        score = _refitted(fitted, ~mine)
        rows = fitted.train.rows[mine]
        point = fitted.judge.probability
        told[kind] = {
            "pairs": float(mine.sum()),
            "same": round(float(fitted.train.same[mine].mean()), 2),
            "served_seen": round(float((fitted.judge.probabilities(rows) >= point).mean()), 3),
            "served_unseen": round(float((score(rows) >= point).mean()), 3),
        }
    print("changes", told)
    return told


if __name__ == "__main__":
    main()
