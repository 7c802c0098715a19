"""Judges for tests: small ones made by hand, and the one in the package."""

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np

from sparingly.core.evidence.pairing import NAMES
from sparingly.core.evidence.substitutions import Substitutions
from sparingly.core.judging.model import JudgeModel, Trees, load_judge
from tests.core.evidence.readings import TABLE

# What the package's judge was fitted with; tests/embedders checks that the package's embedder is that one.
PACKAGED_EMBEDDER = "minilm@603069a7fc62"


def stump(column: str, threshold: float, *, low: float, high: float) -> Trees:
    """One tree with one question: is the column above the threshold?"""
    return Trees(
        roots=np.array([0], dtype=np.intp),
        columns=np.array([NAMES.index(column), 0, 0], dtype=np.intp),
        thresholds=np.array([threshold, np.inf, np.inf], dtype=np.float32),
        children=np.array([1, 2, 1, 1, 2, 2], dtype=np.intp),
        values=np.array([0.0, low, high], dtype=np.float32),
        depth=1,
        base=0.0,
    )


def small_judge(trees: Trees | None = None, *, probability: float = 0.8) -> JudgeModel:
    """A judge that finds everything likely whose overlap is large."""
    return JudgeModel(
        embedder="test",
        table=TABLE,
        learned=Substitutions({"card|password": 1.5}, bias=0.25),
        trees=stump("overlap", 0.6, low=-2.0, high=2.0) if trees is None else trees,
        slope=1.0,
        shift=0.0,
        probability=probability,
        floor=0.5,
    )


@cache
def packaged_judge() -> JudgeModel:
    """The judge that serves by default."""
    data = files("sparingly.judge").joinpath("judge.bin").read_bytes()
    return load_judge(data, embedder=PACKAGED_EMBEDDER, source="of the package")


def with_probability(judge: JudgeModel, probability: float) -> JudgeModel:
    """The same judge at another operating point."""
    return msgspec.structs.replace(judge, probability=probability)
