"""Aurelio's semantic-router as a classifier; runs under an interpreter that has semantic-router.

    python semantic_router_labels.py FOLDER

Reads texts.json, labels.json, vectors.npy (examples) and prompts.json, prompt_vectors.npy from
the folder and prints the route of each prompt with its confidence.  The encoder looks up
the vectors that it was handed, so that both sides see the same ones.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from semantic_router.encoders import DenseEncoder
from semantic_router.route import Route
from semantic_router.routers import IndexedRouter

folder = Path(sys.argv[1])
texts, labels, prompts = (
    json.loads((folder / f"{name}.json").read_text()) for name in ("texts", "labels", "prompts")
)
known = {
    **dict(zip(texts, np.load(folder / "vectors.npy").tolist(), strict=True)),
    **dict(zip(prompts, np.load(folder / "prompt_vectors.npy").tolist(), strict=True)),
}


class Given(DenseEncoder):  # type: ignore[misc]  # the package is not installed where types are checked
    """Encodes a text as it was handed over."""

    def __call__(self, docs: list[Any]) -> list[list[float]]:
        return [known[doc] for doc in docs]


utterances: dict[str, list[str]] = defaultdict(list)
for text, label in zip(texts, labels, strict=True):
    utterances[label].append(text)
router = IndexedRouter(
    Given(name="given"), [Route(name=name, utterances=few) for name, few in utterances.items()]
)
found = [router(prompt) for prompt in prompts]
json.dump([[choice.name, choice.confidence] for choice in found], sys.stdout)
