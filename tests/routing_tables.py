"""A made-up outcome table whose right router is known: sums want one model, poems another."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sparingly.core.routing.estimators import Prompts
from sparingly.core.routing.prompt_terms import terms_of
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.policies import Known

Floats = npt.NDArray[np.float32]

MODELS = ("cheap", "counts", "rhymes")
DIMENSIONS = 8
WEAK, STRONG = 0.3, 0.95
COSTS = (0.0001, 0.001, 0.001)


def made_table(count: int = 200, *, seed: int = 0) -> tuple[OutcomeTable, Floats]:
    """Prompts of two kinds with their vectors; `counts` solves sums, `rhymes` writes poems."""
    chance = np.random.default_rng(seed)
    kinds = np.arange(count) % 2
    axes = np.eye(DIMENSIONS)[kinds]
    vectors = axes + 0.15 * chance.normal(size=axes.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chances = np.where(kinds[:, None] == 0, (WEAK, STRONG, WEAK), (WEAK, WEAK, STRONG))
    prompts = tuple(
        f"Add {number} and {number + 7}." if kind == 0 else f"Write a poem, number {number}, on spring."
        for number, kind in enumerate(kinds)
    )
    table = OutcomeTable(
        models=MODELS,
        ids=tuple(str(number) for number in range(count)),
        groups=tuple("sums" if kind == 0 else "poems" for kind in kinds),
        prompts=prompts,
        scores=(chance.random((count, len(MODELS))) < chances).astype(np.float64),
        costs=np.tile(COSTS, (count, 1)) * chance.uniform(0.9, 1.1, (count, 1)),
    )
    return table, vectors.astype(np.float32)


def made_known(count: int = 200, *, seed: int = 0) -> Known:
    """The same as policies take it."""
    table, vectors = made_table(count, seed=seed)
    return Known(Prompts(vectors, [terms_of(prompt) for prompt in table.prompts]), table)


def write_table(folder: Path, table: OutcomeTable) -> None:
    """Write a table's two files."""
    with (folder / "prompts.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("id", "group", "prompt"), *zip(table.ids, table.groups, table.prompts, strict=True)]
        )
    with (folder / "outcomes.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "model", "score", "cost_usd"))
        for row, one in enumerate(table.ids):
            for column, model in enumerate(table.models):
                rows.writerow((one, model, table.scores[row, column], table.costs[row, column]))
