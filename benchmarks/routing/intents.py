"""Sorting questions into intents: the package's classifier and semantic-router, from the same vectors.

    python -m benchmarks.routing.intents --semantic PYTHON [--vectors DIR]

CLINC150 is measured on its validation part; BANKING77 has but a train part here, of which
every fifth question is kept back.  Out of scope (CLINC150's `oos`) is told by confidence: the bar
is where 5 % of the questions in scope fall below it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import rows
from benchmarks.kept_vectors import KeptVectors
from benchmarks.result import write_result
from benchmarks.routing.programs.ask import semantic_router
from sparingly.core.classifying import Example, classify, fit
from sparingly.core.features import text_features
from sparingly.core.intervals import clopper_pearson

FALSE_ALARMS = 0.05
Said = list[tuple[str | None, float]]


def main() -> None:
    """Measure and write benchmarks/results/intents.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--semantic", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, required=True, help="folder to keep vectors in")
    options = parser.parse_args()
    kept = KeptVectors(options.vectors)
    clinc = [_read(f"intents/clinc150_{part}") for part in ("train", "val")]
    outside = _read("intents/clinc150_oos_val")
    banking = _read("intents/banking77_train")
    sets = {
        "clinc150": (*clinc, outside),
        "banking77": (
            [one for at, one in enumerate(banking) if at % 5],
            [one for at, one in enumerate(banking) if at % 5 == 0],
            [],
        ),
    }
    figures: dict[str, object] = {}
    for name, (train, test, oos) in sets.items():
        vectors = kept.embed([one.text for one in train])
        asked = [one.text for one in (*test, *oos)]
        asked_vectors = kept.embed(asked)
        said = {
            "own": own(train, vectors, asked, asked_vectors),
            "semantic_router": semantic_router(
                options.semantic,
                texts=[one.text for one in train],
                labels=[one.tier for one in train],
                vectors=vectors,
                prompts=asked,
                prompt_vectors=asked_vectors,
            ),
        }
        figures[name] = {who: measured(found, test, len(oos)) for who, found in said.items()}
        print(name, figures[name], flush=True)
    write_result("intents", figures, packages=("numpy", "onnxruntime"))


def own(
    train: Sequence[Example],
    vectors: npt.NDArray[np.float32],
    asked: Sequence[str],
    asked_vectors: npt.NDArray[np.float32],
) -> Said:
    """The package's classifier, with an intent in the place of a tier."""
    tiers = tuple(sorted({one.tier for one in train}))
    model = fit(train, list(vectors), tiers=tiers)
    said: Said = []
    for text, vector in zip(asked, asked_vectors, strict=True):
        found = classify(model, text=text, features=text_features(text), vector=vector, tiers=tiers)
        said.append((None, 0.0) if found is None else (found.tier, found.confidence))
    return said


def measured(said: Said, test: Sequence[Example], outside: int) -> dict[str, object]:
    """Accuracy in scope, and how much of what is out of scope is noticed."""
    right = sum(label == one.tier for (label, _), one in zip(said, test, strict=False))
    low, high = clopper_pearson(right, len(test))
    found: dict[str, object] = {
        "questions": len(test),
        "accuracy": round(right / len(test), 4),
        "accuracy_95": [round(low, 4), round(high, 4)],
    }
    if outside:
        confidences = np.array([confidence for _, confidence in said])
        bar = float(np.quantile(confidences[: len(test)], FALSE_ALARMS))
        noticed = int((confidences[len(test) :] < bar).sum())
        found["out_of_scope_recall"] = round(noticed / outside, 4)
        found["false_alarms"] = round(float((confidences[: len(test)] < bar).mean()), 4)
    return found


def _read(name: str) -> list[Example]:
    return [Example(str(row["text"]), str(row["intent"])) for row in rows(name)]


if __name__ == "__main__":
    main()
