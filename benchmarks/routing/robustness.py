"""Does a paraphrase go to the same model?

    python -m benchmarks.routing.robustness [--vectors DIR]

Routers fitted on the tables choose for both sides of pairs that mean the same: QQP
duplicates and banking paraphrases.  They choose at their own operating point, once
always and once declining to the default (the best single model) where there is too
little evidence.  A router that uses one model for everything would pass without doing
anything, so the largest model's share stands beside the agreement, and how much of what chance
leaves open is agreed on (Cohen's kappa).

An operating point is chosen on a fifth of a table and differs from one seed to the next, so each
table is fitted with several; figures are means over them, and the fits' own stand beside.
"""

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from benchmarks.routing.tables import PACKAGES, with_vectors
from sparingly.commands.prompt_vectors import head_vectors
from sparingly.core.guarantee.intervals import clopper_pearson
from sparingly.core.routing.estimates import CostWeight, choose
from sparingly.core.vectors import Vector
from sparingly.embedders.fastembed_model import load
from sparingly.learning.router.train_router import Fitted, train_router

TABLES = ("mmlu_pro", "paretobandit", "bfcl")
QQP_PAIRS = 1_500
SEEDS = range(5)


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
        fits = [train_router(table, known, embedder=model.name, seed=seed) for seed in SEEDS]
        for label in ("always", "declining"):
            for kind, pairs in sets.items():
                chosen = [
                    [
                        [
                            _chosen(one, vectors[text], text, is_declining=label == "declining")
                            for text in pair
                        ]
                        for pair in pairs
                    ]
                    for one in fits
                ]
                figures[f"{name} {kind} {label}"] = _figures(chosen)
                print(name, kind, label, figures[f"{name} {kind} {label}"], flush=True)
    write_result("routing_robustness", figures, packages=PACKAGES)


def qqp_pairs() -> list[tuple[str, str]]:
    """The first labelled duplicates of the file."""
    found = [(str(row["a"]), str(row["b"])) for row in rows("pairs/qqp") if row["same"]]
    return found[:QQP_PAIRS]


def banking_pairs() -> list[tuple[str, str]]:
    """The paraphrases among the banking traps."""
    return [(str(row["a"]), str(row["b"])) for row in rows("pairs/traps_banking") if row["same"]]


def _chosen(fitted: Fitted, vector: Vector, text: str, *, is_declining: bool) -> str:
    router = fitted.router
    bar = router.least_support if is_declining else 0.0
    choice = choose(router.estimate(vector, text), CostWeight(router.cost_weight), least_support=bar)
    return choice.model or fitted.best_model


def _figures(fits: list[list[list[str]]]) -> dict[str, object]:
    """Means over fits of the choices for both sides of each pair."""
    same, largest, chance, models = [], [], [], []
    for chosen in fits:
        counts = Counter(name for pair in chosen for name in pair)
        shares = [count / (2 * len(chosen)) for count in counts.values()]
        same.append(sum(one == other for one, other in chosen) / len(chosen))
        largest.append(max(shares))
        # Two independent draws from the same shares would agree this often.
        chance.append(sum(share**2 for share in shares))
        models.append(len(counts))
    agreed, by_chance = sum(same) / len(same), sum(chance) / len(chance)
    low, high = clopper_pearson(round(agreed * len(fits[0])), len(fits[0]))
    return {
        "pairs": len(fits[0]),
        "fits": len(fits),
        "same_choice": round(agreed, 4),
        "same_choice_95": [round(low, 4), round(high, 4)],
        "same_choice_of_each_fit": [round(one, 4) for one in same],
        "models_used": models,
        "largest_share": round(sum(largest) / len(largest), 4),
        "by_chance": round(by_chance, 4),
        "kappa": None if by_chance == 1.0 else round((agreed - by_chance) / (1.0 - by_chance), 4),
    }


if __name__ == "__main__":
    main()
