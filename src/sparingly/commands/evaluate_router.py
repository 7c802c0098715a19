"""`sparingly evaluate-router`: how routing policies would have done on a table of outcomes."""

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.table import Table

from sparingly.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_evaluate_router(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="prompts.csv and outcomes.csv")
    parser.add_argument("--seeds", type=_count, default=10, metavar="N", help="splits to average over")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here")
    parser.add_argument("--embedder", default="minilm", help="as in embedder.model")
    parser.set_defaults(command=_evaluate_router)


def needs_training(command: str, *, packages: tuple[str, ...] = ("igraph", "leidenalg")) -> None:
    """Raise StartupError where the packages that cut tasks are not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise StartupError(f"{command} needs {' and '.join(missing)}: pip install 'sparingly[train]'")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least one split is needed")
    return value


def _evaluate_router(options: argparse.Namespace) -> int:
    needs_training("evaluate-router")
    from sparingly.commands.prompt_vectors import head_vectors  # noqa: PLC0415 - only this command needs these
    from sparingly.embedders.fastembed_model import load  # noqa: PLC0415
    from sparingly.learning.router.evaluate_router import evaluate  # noqa: PLC0415
    from sparingly.learning.router.outcome_table import read_table  # noqa: PLC0415
    from sparingly.learning.router.report import report  # noqa: PLC0415

    def tell(step: str) -> None:
        print(step, file=sys.stderr, flush=True)

    table = read_table(options.folder)
    if options.json is not None and not options.json.parent.is_dir():
        raise StartupError(f"cannot write {options.json}: there is no folder {options.json.parent}")
    vectors = head_vectors(load(options.embedder, threads=1), table.prompts, tell=tell)
    found = report(table.models, evaluate(table, vectors, seeds=range(options.seeds), tell=tell))
    if options.json is not None:
        try:
            options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise StartupError(f"cannot write {options.json}: {error.strerror or error}") from error
    Console().print(policy_table(found))
    return 0


def policy_table(found: "Mapping[str, object]") -> Table:
    """The report for people: a row a policy."""
    shown = Table(title=f"means over {found['seeds']} splits, with 95 % intervals")
    for name in ("policy", "AIQr", "gap closed", "perf gain", "cost save", "at quality", "route p50 / p99"):
        shown.add_column(name, justify="left" if name == "policy" else "right")
    policies = cast("Mapping[str, Mapping[str, object]]", found["policies"])
    for name, row in policies.items():
        times = cast("Mapping[str, float] | None", row.get("route_us"))
        shown.add_row(
            name,
            f"{row['aiqr']:.4f}",
            _with_interval(row, "gap_closed"),
            f"{row['perf_gain']:.1%}",
            _with_interval(row, "cost_save"),
            f"{row['cost_save_quality_delta']:+.2%}",
            "-" if times is None else f"{times['p50']:.0f} / {times['p99']:.0f} µs",
        )
    return shown


def _with_interval(row: "Mapping[str, object]", name: str) -> str:
    low, high = cast("tuple[float, float]", row[f"{name}_95"])
    return f"{row[name]:.1%} ({low:.1%} to {high:.1%})"
