"""How well are prompts sorted into tiers out of the box?  Fits the shipped model, too.

Judged three ways:
 - cross-validation on the package's examples, ten folds by a fixed seed;
 - validation.jsonl, written before anything was tuned; its second group is
   prompts whose length does not tell: long ones that are simple, short ones that are hard;
 - shares on traffic without tier labels: bank customers' questions and voice commands
   should be simple, the hard prompts of Arena should not be.
Examples and validation are by one hand, which flatters; the third way does not,
though its texts were looked at when examples were added.

`under` is the share that a cheaper tier than right answers after escalation at
the default bar, the figure that must be small; `over` costs money only.

    python -m benchmarks.tiers.measure                 writes results/tier_classifier.json
    python -m benchmarks.tiers.measure --write-model   fits and writes the package's model first
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import data_folder, rows
from benchmarks.result import write_result
from benchmarks.tiers.rivals import RIVALS
from sparingly.core.features import text_features
from sparingly.core.policy import Escalation, RoutingPolicy, Tier
from sparingly.core.routing.classifying import Example, TierModel, classify, fit
from sparingly.core.routing.tiers import Classified, choose_tier
from sparingly.core.vectors import Vector
from sparingly.embedders.local import LocalEmbedder
from sparingly.errors import TextUnfit
from sparingly.learning.router.tier_examples import SHIPPED_TIERS, shipped_examples, shipped_model, stored

HERE = Path(__file__).parent
VALIDATION = HERE / "validation.jsonl"
MODEL = HERE.parents[1] / "src" / "sparingly" / "learning" / "tier_model.json"
FOLDS = 10
SEED = 0
# Every n-th row of the unlabelled sets: a few hundred of each.
UNLABELLED = {
    "banking77": ("intents/banking77_train", "text", 25),
    "clinc150": ("intents/clinc150_train", "text", 40),
    "arena_hard": ("prompts/arena_hard_v2.0", "prompt", 1),
}
POLICY = RoutingPolicy(tiers={name: Tier(model=name) for name in SHIPPED_TIERS}, fallback=Escalation())

Said = list[Classified | None]
Predict = Callable[[Sequence[Example], Sequence[Vector], Sequence[Example], Sequence[Vector]], Said]


class Validated(msgspec.Struct, frozen=True):
    """A prompt of the validation file."""

    text: str
    tier: str
    group: str


def shipped(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> Said:
    """What `core.classifying` says."""
    model = fit(train, vectors, tiers=SHIPPED_TIERS)
    return [_classified(model, example.text, vector) for example, vector in zip(test, asked, strict=True)]


def by_temperature(
    train: Sequence[Example], vectors: Sequence[Vector], test: Sequence[Example], asked: Sequence[Vector]
) -> Said:
    """The same with the temperature's confidence as it is."""
    model = msgspec.structs.replace(fit(train, vectors, tiers=SHIPPED_TIERS), odds=(1.0, 0.0))
    return [_classified(model, example.text, vector) for example, vector in zip(test, asked, strict=True)]


def _classified(model: TierModel, text: str, vector: Vector | None) -> Classified | None:
    return classify(model, text=text, features=text_features(text), vector=vector, tiers=SHIPPED_TIERS)


def cross_validated(predict: Predict, examples: Sequence[Example], vectors: Sequence[Vector]) -> Said:
    """What is said about each example by a model that has not seen it."""
    order = np.random.default_rng(SEED).permutation(len(examples))
    said: Said = [None] * len(examples)
    for fold in range(FOLDS):
        test = order[fold::FOLDS]
        train = [index for index in order if index not in set(test)]
        answers = predict(*_taken(train, examples, vectors), *_taken(test, examples, vectors))
        for index, answer in zip(test, answers, strict=True):
            said[index] = answer
    return said


def _taken(
    indices: Sequence[int] | npt.NDArray[np.int64], examples: Sequence[Example], vectors: Sequence[Vector]
) -> tuple[list[Example], list[Vector]]:
    return [examples[index] for index in indices], [vectors[index] for index in indices]


def figures(said: Said, tiers: Sequence[str]) -> dict[str, float]:
    """Accuracy, calibration, and what would be served."""
    right = [_rank(tier) for tier in tiers]
    named = [_rank(answer.tier) if answer is not None else None for answer in said]
    served = [_rank(choose_tier(POLICY, answer).tier) for answer in said]
    sure = [answer.confidence if answer is not None else 0.0 for answer in said]
    hit = [one == other for one, other in zip(named, right, strict=True)]
    return {
        "prompts": len(right),
        "accuracy": _share(hit),
        "unclassified": _share([answer is None for answer in said]),
        "brier": round(float(np.square(np.array(sure) - np.array(hit)).mean()), 4),
        "calibration_error": round(_calibration_error(np.array(sure), np.array(hit)), 4),
        "escalated": _share([one < POLICY.fallback.min_confidence for one in sure]),
        "served_exact": _share([one == other for one, other in zip(served, right, strict=True)]),
        "served_under": _share([one < other for one, other in zip(served, right, strict=True)]),
        "served_over": _share([one > other for one, other in zip(served, right, strict=True)]),
    }


def shares(said: Said) -> dict[str, float]:
    """How much of unlabelled traffic each tier would serve."""
    served = [choose_tier(POLICY, answer).tier for answer in said]
    return {
        "prompts": len(said),
        "unclassified": _share([answer is None for answer in said]),
        **{tier: _share([one == tier for one in served]) for tier in SHIPPED_TIERS},
    }


def _rank(tier: str) -> int:
    return SHIPPED_TIERS.index(tier)


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / len(flags), 4)


def _calibration_error(sure: npt.NDArray[np.float64], hit: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of confidence."""
    bins = np.minimum((sure * 10).astype(int), 9)
    used = [bins == number for number in range(10) if (bins == number).any()]
    return float(sum(abs(hit[one].mean() - sure[one].mean()) * one.mean() for one in used))


async def embed_all(embedder: LocalEmbedder, texts: Sequence[str]) -> list[Vector | None]:
    """The texts' vectors, None where no vector stands for a text."""
    return [await _embed(embedder, text) for text in texts]


async def _embed(embedder: LocalEmbedder, text: str) -> Vector | None:
    try:
        return await embedder.embed(text)
    except TextUnfit:
        # As in the gateway: judged by its features.
        return None


async def validation(model: TierModel, embedder: LocalEmbedder) -> dict[str, object]:
    """Figures on the prompts written before tuning, by group, with and without their embedding."""
    decoder = msgspec.json.Decoder(Validated)
    prompts = [decoder.decode(line) for line in VALIDATION.read_bytes().splitlines()]
    found: dict[str, object] = {}
    for group in dict.fromkeys(prompt.group for prompt in prompts):
        chosen = [prompt for prompt in prompts if prompt.group == group]
        tiers = [prompt.tier for prompt in chosen]
        vectors = await embed_all(embedder, [prompt.text for prompt in chosen])
        pairs = zip(chosen, vectors, strict=True)
        found[group] = figures([_classified(model, prompt.text, vector) for prompt, vector in pairs], tiers)
        blind = [_classified(model, prompt.text, None) for prompt in chosen]
        found[f"{group}, features only"] = figures(blind, tiers)
    return found


async def unlabelled(model: TierModel, embedder: LocalEmbedder) -> dict[str, object]:
    """Shares of tiers on traffic whose tiers nobody labelled."""
    found: dict[str, object] = {}
    for name, (file, field, step) in UNLABELLED.items():
        texts = [str(row[field]) for row in rows(file)][::step]
        vectors = await embed_all(embedder, texts)
        said = [_classified(model, text, vector) for text, vector in zip(texts, vectors, strict=True)]
        found[name] = shares(said)
    return found


def timing(model: TierModel, examples: Sequence[Example], vectors: Sequence[Vector]) -> dict[str, float]:
    """Microseconds to classify one prompt, features included, and milliseconds to fit."""
    taken: list[float] = []
    for example, vector in zip(examples, vectors, strict=True):
        begun = perf_counter()
        _classified(model, example.text, vector)
        taken.append((perf_counter() - begun) * 1e6)
    begun = perf_counter()
    fit(examples, vectors, tiers=SHIPPED_TIERS)
    fit_ms = (perf_counter() - begun) * 1e3
    p50, p99 = np.quantile(taken, [0.5, 0.99])
    return {
        "classify_p50_us": round(float(p50)),
        "classify_p99_us": round(float(p99)),
        "fit_ms": round(fit_ms),
    }


async def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write-model", action="store_true", help="fit and write the package's model first")
    options = parser.parse_args()
    embedder = await LocalEmbedder.open()
    examples = shipped_examples()
    vectors = [await embedder.embed(example.text) for example in examples]
    if options.write_model:
        model = fit(examples, vectors, tiers=SHIPPED_TIERS)
        MODEL.write_bytes(
            msgspec.json.format(msgspec.json.encode(stored(model, embedder_name=embedder.name)), indent=0)
        )
    shipped_one = shipped_model(embedder.name)
    if shipped_one is None:
        raise SystemExit(
            "The package's model is not of these examples and this embedder: run with --write-model."
        )
    tiers = [example.tier for example in examples]
    rivals = {"shipped": shipped, "shipped, without Platt's odds": by_temperature, **RIVALS}
    result = {
        "embedder": embedder.name,
        "min_confidence": POLICY.fallback.min_confidence,
        "odds": shipped_one.odds,
        "cross_validation": {
            name: figures(cross_validated(predict, examples, vectors), tiers)
            for name, predict in rivals.items()
        },
        "validation": await validation(shipped_one, embedder),
        "unlabelled_shares": await unlabelled(shipped_one, embedder) if data_folder() is not None else None,
        "speed": timing(shipped_one, examples, vectors),
    }
    await embedder.aclose()
    print(write_result("tier_classifier", result, packages=("numpy", "onnxruntime", "tokenizers")))


if __name__ == "__main__":
    asyncio.run(main())
