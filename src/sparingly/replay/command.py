"""`sparingly replay`: read a log, play it with a progress bar, write what came out.

The command line's arguments are described here, next to what they mean; which
config, embedder and store they are played with is the caller's business.
"""

import argparse
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import get_args

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.errors import StartupError
from sparingly.replay.playing import DIALECTS, World
from sparingly.replay.report import Decision, Insert, Report, Run, as_json
from sparingly.replay.runner import replay, step_count
from sparingly.replay.showing import page
from sparingly.replay.trace import FORMATS, Format, read_trace


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to play, how, and where the results go; None writes no such file."""

    log: Path
    form: Format = "auto"
    answers: Path | None = None
    insert: Insert = "misses"
    seed: int = 0
    json: Path | None = None
    html: Path | None = None
    decisions: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of `sparingly replay`, all but `--config`."""
    parser.add_argument("log", type=Path, help="traffic log: JSON Lines, plain, .gz or .zst")
    parser.add_argument("--format", dest="form", choices=FORMATS, default="auto", help="of the log")
    parser.add_argument("--answers", type=Path, help="the output file of an OpenAI Batch input file")
    parser.add_argument(
        "--insert",
        choices=get_args(Insert),
        default="misses",
        help="also keep the recorded answers of requests that were served from memory (all), or not (misses)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws that balance load")
    parser.add_argument("--json", type=Path, help="write the report here")
    parser.add_argument("--html", type=Path, help="write the report as a page here")
    parser.add_argument("--decisions", type=Path, help="write every decision here, as JSON Lines")


def options_of(args: argparse.Namespace) -> Options:
    """The options that parsed arguments stand for."""
    return Options(**{name: getattr(args, name) for name in Options.__struct_fields__})


async def replay_command(
    options: Options,
    *,
    cache: CachePolicy,
    routing: RoutingPolicy,
    config_sha256: str,
    world: World,
    console: Console,
) -> Report:
    """Do all of it; the caller has opened `world.embedder` and closes it.

    Raises:
        LogError: the log cannot be read.
        StartupError: a result cannot be written where it is wanted.
    """
    outputs = [path for path in (options.json, options.html, options.decisions) if path is not None]
    # Found out now, not after minutes of playing.
    for path in outputs:
        check_writable(path)
    trace = read_trace(options.log, form=options.form, answers=options.answers, served_paths=DIALECTS)

    with progress_bar(console) as progress:
        task = progress.add_task(f"replaying {options.log.name}", total=step_count(trace))
        outcome = await replay(
            trace,
            cache=cache,
            routing=routing,
            world=world,
            run=Run(config_sha256, seed=options.seed, insert=options.insert),
            on_progress=lambda done: progress.advance(task, done),
        )

    _write(options.json, as_json(outcome.report))
    _write(options.html, page(outcome.report).encode())
    _write(options.decisions, _json_lines(outcome.decisions))
    return outcome.report


def config_checksum(config: bytes | None, settings: msgspec.Struct) -> str:
    """The checksum of the config file as it lies on disk, or of the defaults where there is none."""
    content = msgspec.json.encode(settings, order="sorted") if config is None else config
    return sha256(content).hexdigest()


def progress_bar(console: Console) -> Progress:
    """A bar that goes when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def check_writable(path: Path) -> None:
    """Refuse a path that cannot be written, without touching it: what fails later must leave what was there.

    Raises:
        StartupError: there is no such folder, or no permission.
    """
    if not path.parent.is_dir():
        raise StartupError(f"cannot write {path}: there is no folder {path.parent}")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise StartupError(f"cannot write {path}: not permitted, or a folder")


def _write(path: Path | None, content: bytes) -> None:
    if path is None:
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror or error}") from error


def _json_lines(decisions: Iterable[Decision]) -> bytes:
    encoder = msgspec.json.Encoder()
    return b"".join(encoder.encode(one) + b"\n" for one in decisions)
