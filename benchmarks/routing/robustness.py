"""Does a paraphrase go to the same model?

    python -m benchmarks.routing.robustness [--vectors DIR]

Routers fitted on the tables choose for both sides of pairs that mean the same: QQP
duplicates and banking paraphrases.  They choose at their own operating point, once
always and once declining to the default (the best single model) where there is too
little evidence.  A router that uses one model for everything would pass without doing
anything, so the largest model's share stands beside the agreement.
"""

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from benchmarks.routing.tables import PACKAGES, with_vectors
from sparingly.commands.prompt_vectors import head_vectors
from sparingly.core.intervals import clopper_pearson
from sparingly.core.routing.estimates import CostWeight, choose
from sparingly.core.routing.router_model import RouterModel
from sparingly.core.vectors import Vector
from sparingly.embedders.fastembed_model import load
from sparingly.learning.train_router import train_router

TABLES = ("mmlu_pro", "paretobandit", "bfcl")
QQP_PAIRS = 1_500


def main() -> None:
    """Measure and write benchmarks/results/routing_robustness.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    sets = {"qqp": qqp_pairs(), "banking": banking_pairs()}
    model = load("minilm", threads=1)
    texts = [text for pairs in sets.values() for pair in pairs for text in pair]
    vectors = dict(zip(texts, head_vectors(model, texts, tell=print), strict=True))
    figures: dict[str, object] = {}
    for name in TABLES:
        table, known = with_vectors(name, options.vectors)
        fitted = train_router(table, known, embedder=model.name, seed=0)
        for label, bar in (("always", 0.0), ("declining", fitted.router.least_support)):
            for kind, pairs in sets.items():
                chosen = [
                    [_chosen(fitted.router, vectors[text], text, bar, fitted.best_model) for text in pair]
                    for pair in pairs
                ]
                figures[f"{name} {kind} {label}"] = _figures(chosen)
                print(name, kind, label, _figures(chosen), flush=True)
    write_result("routing_robustness", figures, packages=PACKAGES)


def qqp_pairs() -> list[tuple[str, str]]:
    """The first labelled duplicates of the file."""
    found = [(str(row["a"]), str(row["b"])) for row in rows("pairs/qqp") if row["same"]]
    return found[:QQP_PAIRS]


def banking_pairs() -> list[tuple[str, str]]:
    """The paraphrases among the banking traps."""
    return [(str(row["a"]), str(row["b"])) for row in rows("pairs/traps_banking") if row["same"]]


def _chosen(router: RouterModel, vector: Vector, text: str, bar: float, default: str) -> str:
    estimates = router.estimate(vector, text)
    return choose(estimates, CostWeight(router.cost_weight), least_support=bar).model or default


def _figures(chosen: list[list[str]]) -> dict[str, object]:
    same = sum(one == other for one, other in chosen)
    counts = Counter(name for pair in chosen for name in pair)
    low, high = clopper_pearson(same, len(chosen))
    return {
        "pairs": len(chosen),
        "same_choice": round(same / len(chosen), 4),
        "same_choice_95": [round(low, 4), round(high, 4)],
        "models_used": len(counts),
        "largest_share": round(max(counts.values()) / (2 * len(chosen)), 4),
        # Two independent draws from the same shares would agree this often.
        "by_chance": round(sum((count / (2 * len(chosen))) ** 2 for count in counts.values()), 4),
    }


if __name__ == "__main__":
    main()
