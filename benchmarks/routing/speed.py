"""How long routing takes after the embedding, how long a fit takes, and how large its file is.

    python -m benchmarks.routing.speed [--fit] --vectors DIR

Routing is timed with 20 models, 300 tasks and what 50,000 prompts leave in a file: the
arrays are random, since time does not depend on their values.  The fit takes the
tables' prompts with their words, over and over to 12,000, and the outcomes of the largest one.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.result import write_result
from benchmarks.routing.tables import TABLES, with_vectors
from sparingly.core.routing.estimates import CostWeight, choose
from sparingly.core.routing.estimators import Blend, Linear, Tables, Tasks
from sparingly.core.routing.prompt_terms import BUCKETS, SIZES
from sparingly.core.routing.router_file import dump_router, load_router
from sparingly.core.routing.router_model import Costs, Familiar, RouterModel
from sparingly.learning.router.outcome_table import OutcomeTable
from sparingly.learning.router.train_router import train_router

MODELS, TASKS, PROMPTS, DIMENSIONS = 20, 300, 50_000, 384
CENTERS, TABLES_IN_A_BLEND, ROWS_IN_A_TABLE = 256, 10, 40
ROUNDS, WARM_UP = 4_000, 200
FIT_PROMPTS = 12_000


def main() -> None:
    """Measure and write benchmarks/results/routing_speed.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit on 12,000 prompts, too: some minutes")
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    table, vectors = with_vectors("bfcl", options.vectors)
    figures: dict[str, object] = {"routing": routed(random_router(), table.prompts, vectors)}
    if options.fit:
        figures["fit"] = fitted(options.vectors)
    print(figures)
    write_result("routing_speed", figures, packages=("numpy",))


def random_router() -> RouterModel:
    """A router as large as 20 models, 300 tasks and 50,000 prompts make it."""
    chance = np.random.default_rng(0)

    def some(*shape: int) -> npt.NDArray[np.float32]:
        return np.asarray(chance.normal(size=shape), dtype=np.float32)

    def linear(buckets: int) -> Linear:
        return Linear(
            bias=some(MODELS),
            vector=some(DIMENSIONS, MODELS),
            words=some(buckets, MODELS),
            rarity=np.abs(some(buckets)),
            sizes=some(SIZES, MODELS),
            size_means=some(SIZES),
            size_scales=np.abs(some(SIZES)) + np.float32(1.0),
        )

    tasks = Tasks(
        general=linear(BUCKETS),
        centers=some(TASKS, DIMENSIONS),
        owners=np.arange(TASKS),
        # Every prompt belongs to a task: the longest way.
        bars=np.full(TASKS, -np.inf, dtype=np.float32),
        heads=some(TASKS, MODELS + 1, MODELS),
        means=some(TASKS, MODELS),
        shares=np.abs(some(TASKS, MODELS)),
        alpha=0.8,
    )
    shape = TABLES_IN_A_BLEND, ROWS_IN_A_TABLE
    tables = Tables(some(*shape, DIMENSIONS), some(*shape, MODELS))
    ones = np.ones(MODELS, dtype=np.float32)
    router = RouterModel(
        embedder="none",
        models=tuple(f"model-{number}" for number in range(MODELS)),
        quality=Blend((tasks, tables), (0.5, 0.5)),
        costs=Costs(linear(0), ones, 0 * ones, ones),
        familiar=Familiar(some(CENTERS, DIMENSIONS), np.sort(some(PROMPTS)), np.abs(some(MODELS))),
        cost_weight=1.0,
        least_support=0.0,
    )
    return load_router(dump_router(router), embedder="none", source="memory")


def routed(
    router: RouterModel, prompts: tuple[str, ...], vectors: npt.NDArray[np.float32]
) -> dict[str, float]:
    """Microseconds a route; CPU time beside it, which other work on the machine changes less."""
    times, work = [], []
    for number in range(WARM_UP + ROUNDS):
        row = number % len(prompts)
        begun, worked = time.perf_counter(), time.thread_time()
        choose(router.estimate(vectors[row], prompts[row]), CostWeight(router.cost_weight))
        if number >= WARM_UP:
            times.append((time.perf_counter() - begun) * 1e6)
            work.append((time.thread_time() - worked) * 1e6)
    p50, p99 = np.percentile(times, [50, 99])
    cpu50, cpu99 = np.percentile(work, [50, 99])
    return {
        "p50_us": round(float(p50), 1),
        "p99_us": round(float(p99), 1),
        "cpu_p50_us": round(float(cpu50), 1),
        "cpu_p99_us": round(float(cpu99), 1),
        "file_mb": round(len(dump_router(router)) / 1e6, 2),
    }


def fitted(folder: Path | None) -> dict[str, float]:
    """Seconds and megabytes of a fit on 12,000 prompts and 14 models."""
    tables = [with_vectors(name, folder) for name in TABLES]
    prompts = [prompt for table, _ in tables for prompt in table.prompts]
    vectors = np.concatenate([rows for _, rows in tables])
    outcomes = tables[0][0]
    at = np.arange(FIT_PROMPTS) % len(prompts)
    rows = np.arange(FIT_PROMPTS) % len(outcomes.ids)
    table = OutcomeTable(
        models=outcomes.models,
        ids=tuple(str(number) for number in range(FIT_PROMPTS)),
        groups=("",) * FIT_PROMPTS,
        prompts=tuple(f"{number} {prompts[row]}" for number, row in enumerate(at)),
        scores=outcomes.scores[rows],
        costs=outcomes.costs[rows],
    )
    begun, worked = time.perf_counter(), time.process_time()
    found = train_router(table, vectors[at], embedder="none", seed=0)
    return {
        "prompts": FIT_PROMPTS,
        "models": len(table.models),
        "s": round(time.perf_counter() - begun, 1),
        "cpu_s": round(time.process_time() - worked, 1),
        "file_mb": round(len(dump_router(found.router)) / 1e6, 2),
    }


if __name__ == "__main__":
    main()
