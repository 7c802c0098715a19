"""Sorting questions into intents: the package's classifier and semantic-router, from the same vectors.

    python -m benchmarks.routing.intents --semantic PYTHON [--vectors DIR]

CLINC150 is measured on its validation part; BANKING77 has but a train part here, of which
every fifth question is kept back.  Out of scope (CLINC150's `oos`) is told by how usual a question is
(the classifier's support, semantic-router's similarity): the bar is where 5 % of the questions in scope
fall below it, and once more where the classifier's own `least_support` of 0.05 puts it.

The kinds of classifier, and all their settings, were chosen on parts of the two train files and
CLINC150's own `oos` train part.
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
from sparingly.core.features import text_features
from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.core.routing.classifying import Example, classify, fit

FALSE_ALARMS = 0.05
Said = list[tuple[str | None, float]]
"""The intent, and how usual the question is."""


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
    figures: dict[str, dict[str, object]] = {}
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
        if oos:
            figures[name]["own_at_its_bar"] = noticed_at(FALSE_ALARMS, said["own"], len(test))
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
        if found is None:
            said.append((None, 0.0))
        else:
            said.append((found.tier, found.confidence if found.support is None else found.support))
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
        usual = np.array([value for _, value in said])
        found |= noticed_at(float(np.quantile(usual[: len(test)], FALSE_ALARMS)), said, len(test))
    return found


def noticed_at(bar: float, said: Said, inside: int) -> dict[str, object]:
    """How much of what is out of scope lies below a bar, and how much of the `inside` that come first."""
    below = np.array([value for _, value in said]) < bar
    low, high = clopper_pearson(int(below[inside:].sum()), len(said) - inside)
    return {
        "out_of_scope_recall": round(float(below[inside:].mean()), 4),
        "out_of_scope_recall_95": [round(low, 4), round(high, 4)],
        "false_alarms": round(float(below[:inside].mean()), 4),
    }


def _read(name: str) -> list[Example]:
    return [Example(str(row["text"]), str(row["intent"])) for row in rows(name)]


if __name__ == "__main__":
    main()
