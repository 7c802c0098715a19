"""Would a small cross-encoder in the grey zone pay for its time and memory?

Three layers of the embedder's model (cross_encoder_net.py) are trained on what the judge is fitted on: labelled pairs
and neighbors, made pairs, neighbors of other intents and those that nobody compared.  Its log odds and the shipped judge's are
combined by a logistic regression fitted on the calibrate parts, for candidates that the judge gives at least a chance
of `FROM`.  Everything is measured on the report parts and the measured halves.

Choice: the project ships none.  The gain is in results/cross_encoder.json, the cost beside it.

    python -m benchmarks.judge.cross_encoder --vectors FOLDER --weights FILE --model FILE [--train-s 4200]

The network of the committed figures was trained for 4,200 seconds by the first draft of this script, on 83,504 examples
of the same kinds, of which it saw some 185,000 in all.

`--weights` is the embedder's model.safetensors in floats; `--model` keeps the trained network (torch), made with
`--train-s` seconds of one CPU, else read.  Needs torch and safetensors.
"""

import argparse
import random
import time
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.judge.cross_encoder_net import Example, Net, loaded, network, saved, scores, trained
from benchmarks.judge.figures import at_bounds, at_point, auc
from benchmarks.judge.measure import material
from benchmarks.judge.sets import docs_stream, measured_half, medical_pairs, qqp_stream
from benchmarks.judge.small_sets import SMALL
from benchmarks.kept_vectors import KeptVectors
from benchmarks.result import write_result
from sparingly.core.evidence.guards import PROFILES
from sparingly.core.judging.judge import MOST_BEHIND
from sparingly.core.judging.model import load_judge
from sparingly.learning.judge.hard_negatives import made_pairs
from sparingly.learning.judge.made_tasks import task_pairs
from sparingly.learning.judge.rows import K, Labels, stream_neighbors, unjudged_weight
from sparingly.learning.judge.streams import Measured, Score, best_candidates
from sparingly.learning.judge.train_judge import Material

Matrix: TypeAlias = npt.NDArray[np.float64]

FROM: Final = 0.2
# Weights and shares of what an epoch holds.
_MADE, _INTENT, _SMALL_TIMES, _MEDICAL_TIMES = 0.5, 0.4, 4, 2
_UNJUDGED_SHARE, _INTENT_SHARE, _MADE_FROM = 0.03, 0.25, 1_500
_SEED: Final = 0
_POINTS: Final = (0.7, 0.8, 0.9)


def main() -> None:
    """Train or read, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--train-s", type=float, default=0.0)
    args = parser.parse_args()

    kept = KeptVectors(args.vectors)
    net = network(args.weights, seed=_SEED)
    seen = None
    if args.train_s:
        seen = trained(net, examples(material(), kept), cpu_s=args.train_s, seed=_SEED)
        saved(net, args.model)
    else:
        loaded(net, args.model)
    data = files("sparingly.judge").joinpath("judge.bin").read_bytes()
    judge = load_judge(data, embedder=kept.name, source="of the package")
    sets = {
        "qqp_calibrate": qqp_stream(judge, kept.embed, "calibrate"),
        "medical_calibrate": medical_pairs(judge, kept.embed, "calibrate"),
        "qqp": qqp_stream(judge, kept.embed, "report"),
        "medical": medical_pairs(judge, kept.embed, "report"),
        "osschat": docs_stream(judge, kept.embed),
        **{name: measured_half(judge, kept.embed, name) for name in SMALL},
    }
    figures = compared(net, sets, judge.probabilities)
    print(write_result("cross_encoder", {"what": __doc__, "examples_seen": seen, **figures}))


def examples(of: Material, kept: KeptVectors) -> list[Example]:
    """What the judge is fitted on, as pairs of texts."""
    rng = random.Random(_SEED)
    train = {name: [one for one in pairs if one.split == "train"] for name, pairs in of.pairs.items()}
    found: list[Example] = []
    for name, pairs in train.items():
        times = _MEDICAL_TIMES if name == "medical" else 1 if name == "qqp" else _SMALL_TIMES
        found += [Example(one.a, one.b, one.same, 1.0) for one in pairs for _ in range(times)]
    labels = Labels(train["qqp"])
    texts = labels.texts()
    rng.shuffle(texts)
    for text, near in zip(texts, stream_neighbors(kept.embed(texts), k=2 * K), strict=True):
        for other, value in near:
            said = labels.same(text, texts[other])
            if said is not None:
                found.append(Example(text, texts[other], said, 1.0))
            elif rng.random() < _UNJUDGED_SHARE and (weight := unjudged_weight(value)) > 0:
                found.append(Example(text, texts[other], same=False, weight=2 * weight))
    sources = {name: [text for one in pairs for text in (one.a, one.b)] for name, pairs in train.items()}
    for name, raw in of.texts.items():
        sources[name] = [one.text for one in raw]
        intents = {one.text: one.intent for one in raw if one.intent is not None}
        asked = list(intents)
        rng.shuffle(asked)
        for text, near in zip(asked, stream_neighbors(kept.embed(asked), k=3), strict=True) if asked else ():
            found += [
                Example(text, asked[other], same=False, weight=_INTENT)
                for other, _ in near
                if intents[asked[other]] != intents[text] and rng.random() < _INTENT_SHARE
            ]
    for every in sources.values():
        some = list(dict.fromkeys(every))
        rng.shuffle(some)
        made = [*made_pairs(some[:_MADE_FROM], seed=_SEED), *task_pairs(some[:_MADE_FROM], seed=_SEED)]
        found += [Example(one.b, one.a, one.same, _MADE) for one in made]
    return found


def compared(net: Net, sets: Mapping[str, Measured], judge: Score) -> dict[str, object]:
    """The judge alone, and with the cross-encoder in its grey zone."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - not a dependency

    alone = {name: _probabilities(found, judge) for name, found in sets.items()}
    begun, pairs = time.process_time(), 0
    beside: dict[str, Matrix] = {}
    for name, found in sets.items():
        beside[name] = _looked_at(net, found, alone[name])
        pairs += int(np.isfinite(beside[name]).sum())
    spent = time.process_time() - begun
    held = [name for name in sets if name.endswith("_calibrate")]
    rows, same = [], []
    for name in held:
        known = np.isfinite(beside[name]) & (sets[name].labels >= 0)
        rows.append(_columns(alone[name][known], beside[name][known]))
        same.append(sets[name].labels[known])
    stack = LogisticRegression(C=10.0).fit(np.concatenate(rows), np.concatenate(same))
    told: dict[str, object] = {"pairs": pairs, "cpu_ms_a_pair_in_floats": round(1_000 * spent / pairs, 2)}
    for name, found in sets.items():
        both = alone[name].copy()
        seen = np.isfinite(beside[name])
        if seen.any():
            both[seen] = stack.predict_proba(_columns(alone[name][seen], beside[name][seen]))[:, 1]
        told[name] = {"judge": _figures(found, alone[name]), "with cross-encoder": _figures(found, both)}
    return told


def _probabilities(found: Measured, judge: Score) -> Matrix:
    table = np.full(found.rows.shape[:2], np.nan)
    there = ~np.isnan(found.rows[:, :, 0])
    table[there] = judge(found.rows[there])
    return table


def _looked_at(net: Net, found: Measured, chances: Matrix) -> Matrix:
    """Log odds of the candidates in the grey zone."""
    grey = np.nan_to_num(chances) > FROM
    grey &= ~found.same_words
    places = [(int(at), int(rank)) for at, rank in np.argwhere(grey)]
    table = np.full(chances.shape, np.nan)
    if places:
        odds = scores(net, [(found.texts[at][0], found.texts[at][1][rank]) for at, rank in places])
        for (at, rank), value in zip(places, odds, strict=True):
            table[at, rank] = value
    return table


def _columns(chances: Matrix, odds: Matrix) -> Matrix:
    own = np.log(chances / (1 - chances))
    return np.stack([own, odds, own * odds / 10], axis=1)


def _figures(found: Measured, chances: Matrix) -> dict[str, object]:
    there = ~np.isnan(found.rows[:, :, 0])
    best = best_candidates(
        found, lambda _: chances[there].copy(), guards=PROFILES["general"], floor=0.5, most_behind=MOST_BEHIND
    )
    return {
        "auc": auc(best),
        "right_hits": {name: point.right for name, point in at_bounds(best).items()},
        "at": {
            str(point): msgspec.to_builtins(at_point(best, point, repeats=found.repeats)) for point in _POINTS
        },
    }


if __name__ == "__main__":
    main()
