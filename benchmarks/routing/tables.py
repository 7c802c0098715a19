"""Routing policies on the outcome tables: figures and a picture for each.

    python -m benchmarks.routing.tables [--tables bfcl ...] [--seeds 10] [--vectors DIR]

The figures are those of `sparingly evaluate-router`, from the same code.  With
--vectors the prompts' embeddings are kept in a folder, since making them takes longer
than all the rest.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data_folder import needed_folder
from benchmarks.result import RESULTS, write_result
from benchmarks.routing.picture import picture
from sparingly.commands.prompt_vectors import head_vectors
from sparingly.embedders.fastembed_model import load
from sparingly.learning.router.evaluate_router import evaluate
from sparingly.learning.router.outcome_table import OutcomeTable, read_table
from sparingly.learning.router.report import report

TABLES = ("mmlu_pro", "bfcl", "paretobandit", "routellm_gsm8k")
PACKAGES = ("numpy", "leidenalg", "igraph", "onnxruntime")


def main() -> None:
    """Measure the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--vectors", type=Path)
    options = parser.parse_args()
    for name in options.tables:
        table, vectors = with_vectors(name, options.vectors)
        splits = evaluate(
            table, vectors, seeds=range(options.seeds), tell=lambda line: print(line, flush=True)
        )
        figures = report(table.models, splits)
        write_result(
            f"routing_{name}", {"table": name, "prompts": len(table.ids), **figures}, packages=PACKAGES
        )
        (RESULTS / f"routing_{name}.svg").write_text(picture(name, table.models, splits), encoding="utf-8")


def with_vectors(name: str, folder: Path | None) -> tuple[OutcomeTable, npt.NDArray[np.float32]]:
    """A table and its prompts' vectors, made once where there is a folder to keep them."""
    table = read_table(needed_folder() / "routing" / name)
    kept = None if folder is None else folder / f"{name}_head.npy"
    if kept is not None and kept.is_file():
        vectors = np.load(kept)
    else:
        vectors = head_vectors(load("minilm", threads=1), table.prompts, tell=print)
        if kept is not None:
            np.save(kept, vectors)
    if len(vectors) != len(table.ids):
        raise SystemExit(f"{kept} has {len(vectors)} vectors for {len(table.ids)} prompts; remove it")
    return table, vectors.astype(np.float32)


if __name__ == "__main__":
    main()
