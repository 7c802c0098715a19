"""`sparingly train-router`: fit the router that `serve` loads from a table of outcomes."""

import argparse
import sys
from pathlib import Path

from sparingly.errors import StartupError


def add_train_router(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="prompts.csv and outcomes.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="write the router here")
    parser.add_argument("--embedder", default="minilm", help="as in embedder.model")
    parser.add_argument(
        "--seed", type=int, default=0, help="draws the part that the operating point is chosen on"
    )
    parser.set_defaults(command=_train_router)


def _train_router(options: argparse.Namespace) -> int:
    from sparingly.commands.prompt_vectors import head_vectors  # noqa: PLC0415 - only this command needs these
    from sparingly.core.routing.router_file import dump_router  # noqa: PLC0415
    from sparingly.embedders.fastembed_model import load  # noqa: PLC0415
    from sparingly.learning.router.outcome_table import read_table  # noqa: PLC0415
    from sparingly.learning.router.train_router import train_router  # noqa: PLC0415

    def tell(step: str) -> None:
        print(step, file=sys.stderr, flush=True)

    table = read_table(options.folder)
    if not options.out.parent.is_dir():
        raise StartupError(f"cannot write {options.out}: there is no folder {options.out.parent}")
    model = load(options.embedder, threads=1)
    vectors = head_vectors(model, table.prompts, tell=tell)
    fitted = train_router(table, vectors, embedder=model.name, seed=options.seed)
    content = dump_router(fitted.router)
    try:
        options.out.write_bytes(content)
    except OSError as error:
        raise StartupError(f"cannot write {options.out}: {error.strerror or error}") from error
    print(fitted.summary())
    print(f"wrote {options.out} ({len(content) / 1e6:.1f} MB)")
    return 0
