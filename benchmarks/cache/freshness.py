"""Is a question's dependence on time seen from its words?  Fits the shipped model, too.

Fitted on the training part of SituatedQA, CLINC150's training questions by intent, and
Quora's (train split) as doubtful negatives: those that a first fit and the table of
words take for timeless.  Penalty and weights were chosen on a fifth of SituatedQA's
training part.  Reported on SituatedQA's dev part, CLINC150's validation part
and Quora's report split, which is unlabelled: there only the share of each class is known.

    python -m benchmarks.cache.freshness                 writes results/freshness.json
    python -m benchmarks.cache.freshness --write-model   fits and writes the package's model first
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from sparingly.core.keeping.freshness import FreshnessModel, dependence, time_class
from sparingly.core.keeping.time_cues import is_about_now, is_live
from sparingly.core.policy import TtlClasses
from sparingly.embedders.local import LocalEmbedder
from sparingly.learning.judge.splits import split_of
from sparingly.learning.judge.train_freshness import MODEL_FILE, Example, fit, shipped_freshness, stored

MODEL = Path(__file__).parents[2] / "src" / "sparingly" / "learning" / MODEL_FILE
POLICY = TtlClasses()
SEED = 0
QUORA_ROWS, QUORA_WEIGHT, CLINC_WEIGHT = 12_000, 0.1, 0.5
# By the intents' names, before any question of theirs was looked at; the intents in no list are orders
# given to a machine ("play music") or depend on what one takes for time.
LIVE_INTENTS = frozenset(
    [
        "weather",
        "time",
        "date",
        "traffic",
        "exchange_rate",
        "order_status",
        "balance",
        "bill_balance",
        "bill_due",
        "flight_status",
        "transactions",
        "spending_history",
        "rewards_balance",
        "pto_balance",
        "pto_used",
        "pto_request_status",
        "current_location",
        "calendar",
        "shopping_list",
        "reminder",
        "todo_list",
        "meeting_schedule",
        "application_status",
        "how_busy",
        "gas",
        "payday",
        "credit_score",
        "min_payment",
        "what_song",
        "next_song",
        "income",
        "last_maintenance",
        "tire_pressure",
        "mpg",
        "travel_alert",
    ]
)
EITHER_INTENTS = frozenset(
    [
        "next_holiday",
        "restaurant_suggestion",
        "restaurant_reviews",
        "interest_rate",
        "travel_suggestion",
        "credit_limit",
        "taxes",
    ]
)
LASTING_INTENTS = frozenset(
    [
        "definition",
        "spelling",
        "translate",
        "calculator",
        "measurement_conversion",
        "recipe",
        "meaning_of_life",
        "cook_time",
        "tire_change",
        "jump_start",
        "ingredient_substitution",
        "plug_type",
        "food_last",
        "fun_fact",
        "tell_joke",
        "greeting",
        "goodbye",
        "thank_you",
        "ingredients_list",
        "nutrition_info",
        "calories",
        "vaccines",
        "international_visa",
        "improve_credit_score",
        "oil_change_how",
        "pin_change",
        "direct_deposit",
        "rollover_401k",
        "order_checks",
        "gas_type",
        "timezone",
        "are_you_a_bot",
        "what_is_your_name",
        "where_are_you_from",
        "what_can_i_ask_you",
        "travel_notification",
        "report_fraud",
        "report_lost_card",
        "damaged_card",
        "new_card",
        "redeem_rewards",
    ]
)


def situated(part: str) -> list[tuple[str, bool]]:
    """SituatedQA's questions and whether their answer depends on time."""
    return [
        (str(row["question"]), bool(row["time_dependent"])) for row in rows(f"freshness/situatedqa_{part}")
    ]


def clinc(part: str) -> list[tuple[str, str]]:
    """CLINC150's questions and intents."""
    return [(str(row["text"]), str(row["intent"])) for row in rows(f"intents/clinc150_{part}")]


def quora(split: str) -> list[str]:
    """Quora's questions of a split, each once, in a seeded order."""
    texts = sorted(
        {str(row[side]) for row in rows("pairs/qqp") if split_of(str(row["group"])) == split for side in "ab"}
    )
    Random(SEED).shuffle(texts)
    return texts


def examples(asked: Sequence[tuple[str, bool]]) -> list[Example]:
    """What the model is fitted on; `asked` are SituatedQA's."""
    found = [Example(text, depends=depends, live=None if depends else False) for text, depends in asked]
    found += _of_intents()
    first = fit(found)
    found += [
        Example(
            text, depends=False if dependence(text, first) < 0.5 else None, live=False, weight=QUORA_WEIGHT
        )
        for text in quora("train")[:QUORA_ROWS]
        if not is_about_now(text.lower()) and not is_live(text.lower())
    ]
    return found


def _of_intents() -> Iterator[Example]:
    for text, intent in clinc("train"):
        is_live_one = intent in LIVE_INTENTS
        yield Example(
            text,
            depends=is_live_one if is_live_one or intent in LASTING_INTENTS else None,
            live=None if intent in EITHER_INTENTS else is_live_one,
            weight=CLINC_WEIGHT,
        )


def auroc(labels: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64]) -> float:
    """The chance that a positive scores above a negative; ties count half."""
    order = np.sort(scores[~labels])
    below = np.searchsorted(order, scores[labels], side="left")
    upto = np.searchsorted(order, scores[labels], side="right")
    return float((below + upto).mean() / 2 / len(order))


def reliability(labels: npt.NDArray[np.bool_], chances: npt.NDArray[np.float64]) -> dict[str, object]:
    """Ten bins of probability: what was said and what was true, and the mean gap between them."""
    bins = np.minimum((chances * 10).astype(int), 9)
    used = [bins == number for number in range(10) if (bins == number).any()]
    return {
        "bins": [
            {"questions": int(one.sum()), "said": _r(chances[one].mean()), "true": _r(labels[one].mean())}
            for one in used
        ],
        "expected_calibration_error": _r(
            sum(abs(chances[one].mean() - labels[one].mean()) * one.mean() for one in used)
        ),
    }


def on_situated(model: FreshnessModel, asked: Sequence[tuple[str, bool]]) -> dict[str, object]:
    """Ranking, calibration, and what the default bar makes of it."""
    labels = np.array([depends for _, depends in asked])
    chances = np.array([dependence(text, model) for text, _ in asked])
    flagged = chances >= POLICY.dependent_from
    return {
        "questions": len(asked),
        "time_dependent": int(labels.sum()),
        "auroc": _r(auroc(labels, chances)),
        "recall": _r(flagged[labels].mean()),
        "precision": _r(labels[flagged].mean()),
        "classes": {
            "time_dependent": _classes(model, [text for text, depends in asked if depends]),
            "timeless": _classes(model, [text for text, depends in asked if not depends]),
        },
        "reliability": reliability(labels, chances),
    }


def on_clinc(model: FreshnessModel) -> dict[str, object]:
    """Shares of classes for intents that are live and that are not."""
    asked = clinc("val")
    groups = {"live": LIVE_INTENTS, "lasting": LASTING_INTENTS}
    return {
        name: _classes(model, [text for text, intent in asked if intent in intents])
        for name, intents in groups.items()
    }


def _classes(model: FreshnessModel, texts: Sequence[str]) -> dict[str, float]:
    counts = Counter(time_class(text, model=model, policy=POLICY) for text in texts)
    return {"questions": len(texts), **{name: _r(count / len(texts)) for name, count in counts.most_common()}}


def _r(value: float) -> float:
    return round(float(value), 4)


async def rivals(asked: Sequence[tuple[str, bool]], tested: Sequence[tuple[str, bool]]) -> dict[str, float]:
    """AUROC on the tested questions: ridge regression on the embedding, and its mean rank with the words' model."""
    embedder = await LocalEmbedder.open()
    train = np.array([await embedder.embed(text) for text, _ in asked], dtype=np.float64)
    test = np.array([await embedder.embed(text) for text, _ in tested], dtype=np.float64)
    await embedder.aclose()
    labels = np.array([depends for _, depends in asked], dtype=np.float64)
    gram = (train - train.mean(0)).T @ (train - train.mean(0)) + np.eye(train.shape[1])
    weights = np.linalg.solve(gram, (train - train.mean(0)).T @ (labels - labels.mean()))
    by_meaning = test @ weights
    model = fit([Example(text, depends=depends, live=depends) for text, depends in asked])
    by_words = np.array([dependence(text, model) for text, _ in tested])
    truth = np.array([depends for _, depends in tested])
    ranks = by_words.argsort().argsort() + by_meaning.argsort().argsort()
    return {
        "embedding_alone": _r(auroc(truth, by_meaning)),
        "words_alone_fitted_on_situatedqa_only": _r(auroc(truth, by_words)),
        "mean_rank_of_both": _r(auroc(truth, ranks.astype(np.float64))),
        "table_of_words_alone": _r(
            auroc(truth, np.array([float(is_about_now(text) or is_live(text)) for text, _ in tested]))
        ),
    }


def timing(model: FreshnessModel, texts: Sequence[str]) -> dict[str, float]:
    """Microseconds to class one question."""
    taken = []
    for text in texts:
        begun = perf_counter()
        time_class(text, model=model, policy=POLICY)
        taken.append((perf_counter() - begun) * 1e6)
    return {"p50_us": round(float(np.median(taken))), "p99_us": round(float(np.quantile(taken, 0.99)))}


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write-model", action="store_true", help="fit and write the package's model first")
    options = parser.parse_args()
    train, dev = situated("train"), situated("dev")
    if options.write_model:
        MODEL.write_bytes(
            msgspec.json.format(msgspec.json.encode(stored(fit(examples(train)))), indent=1) + b"\n"
        )
    model = shipped_freshness()
    held_out = quora("report")
    result = {
        "policy": msgspec.to_builtins(POLICY),
        "splits": "fitted on SituatedQA train, CLINC150 train, Quora train split; reported on the rest",
        "situatedqa_dev": on_situated(model, dev),
        "clinc150_val": on_clinc(model),
        "quora_report_split_unlabelled": _classes(model, held_out),
        "banking77_train_never_fitted": _classes(
            model, [str(r["text"]) for r in rows("intents/banking77_train")]
        ),
        "arena_hard_never_fitted": _classes(
            model, [str(r["prompt"]) for r in rows("prompts/arena_hard_v2.0")]
        ),
        "rivals_auroc": asyncio.run(rivals(train, dev)),
        "speed": timing(model, held_out[:2_000]),
    }
    print(write_result("freshness", result, packages=("numpy",)))


if __name__ == "__main__":
    main()
