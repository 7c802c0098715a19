"""`sparingly tune`: read a log, play it, show the operating point it proves, write it where it is wanted.

A config is written last, whole or not at all: into a file beside it, which then takes its place.
Nothing is written when the log shows no point.
"""

import argparse
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

import msgspec
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from sparingly.config.editing import edited
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.errors import ConfigError, StartupError, TuningError
from sparingly.replay.candidates import BARS, Play, play
from sparingly.replay.command import check_writable, progress_bar
from sparingly.replay.logged import Trace
from sparingly.replay.playing import DIALECTS, World
from sparingly.replay.recorded import has_answer
from sparingly.replay.report import LogFacts, log_facts
from sparingly.replay.trace import FORMATS, Format, read_trace
from sparingly.replay.tuning import Row, Tuning, tuned

VERSION = 1

# A threshold that hardly anything but the same text reaches: how a config says "nothing by closeness".
NOTHING_CLOSE = 1.0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Which log, which bound, and where the results go; a confidence of None means in the mean."""

    log: Path
    max_error: float
    confidence: float | None = 0.95
    form: Format = "auto"
    answers: Path | None = None
    seed: int = 0
    json: Path | None = None
    write: Path | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The file that `--json` writes; fields may be added, none may change without a new `version`."""

    version: int = VERSION
    log: LogFacts
    config_sha256: str
    seed: int
    setting: str
    """The key in the config that the thresholds are for."""
    tuning: Tuning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of `sparingly tune`, all but `--config`."""
    parser.add_argument("log", type=Path, help="traffic log with labels: JSON Lines, plain, .gz or .zst")
    parser.add_argument(
        "--max-error",
        type=_share,
        required=True,
        metavar="SHARE",
        help="wrong hits per request, such as 0.01",
    )
    parser.add_argument(
        "--confidence",
        type=_confidence,
        default=0.95,
        metavar="SHARE",
        help="with which the bound holds, or `mean` for a bound on the mean error only",
    )
    parser.add_argument("--format", dest="form", choices=FORMATS, default="auto", help="of the log")
    parser.add_argument("--answers", type=Path, help="the output file of an OpenAI Batch input file")
    parser.add_argument("--seed", type=int, default=0, help="of the draws that balance load")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found here")
    parser.add_argument(
        "--write", type=Path, metavar="CONFIG", help="write the operating point into this config"
    )


def options_of(args: argparse.Namespace) -> Options:
    """The options that parsed arguments stand for."""
    return Options(**{name: getattr(args, name) for name in Options.__struct_fields__})


async def tune_command(
    options: Options,
    *,
    cache: CachePolicy,
    routing: RoutingPolicy,
    config: str,
    config_sha256: str,
    world: World,
    console: Console,
) -> Tuning:
    """Do all of it; `config` is the text that a config which does not exist yet begins with.

    Raises:
        LogError: the log cannot be read.
        TuningError: the log has too few labels, or shows no operating point.
        StartupError: a result cannot be written where it is wanted.
    """
    for path in (options.json, options.write):
        if path is not None:
            check_writable(path)
    if options.write is not None:
        # A config that cannot be edited is found out now, not after minutes of playing.
        edited(
            _text_of(options.write, config), {("cache", "threshold"): 0.5}, note=(), source=options.write.name
        )
    if cache.mode == "off" and not any(route.mode in ("on", "observe") for route in cache.routes.values()):
        raise TuningError("cache.mode is off in this config, so there is nothing to tune")
    trace = read_trace(options.log, form=options.form, answers=options.answers, served_paths=DIALECTS)
    found = tuned(
        await _played(trace, cache=cache, routing=routing, world=world, seed=options.seed, console=console),
        max_error=options.max_error,
        confidence=options.confidence,
    )
    console.print(tables(found))
    if options.json is not None:
        report = Report(
            log=log_facts(trace, without_answer=sum(not has_answer(logged) for logged in trace.requests)),
            config_sha256=config_sha256,
            seed=options.seed,
            setting=f"cache.{BARS[found.score]}",
            tuning=found,
        )
        replace_file(options.json, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if not found.has_point:
        raise TuningError(
            f"no threshold keeps wrong hits at {found.max_error:g} of requests on this log"
            + (", so the config was left as it is" if options.write is not None else "")
        )
    if options.write is not None:
        _write_config(options.write, found, trace, config, overrides=cache.routes.keys())
        console.print(f"written to {escape(str(options.write))}")
    return found


async def _played(
    trace: Trace, *, cache: CachePolicy, routing: RoutingPolicy, world: World, seed: int, console: Console
) -> Play:
    with progress_bar(console) as progress:
        task = progress.add_task(f"playing {trace.name}", total=len(trace.requests))
        return await play(
            trace,
            cache=cache,
            routing=routing,
            world=world,
            seed=seed,
            on_progress=lambda done: progress.advance(task, done),
        )


def tables(found: Tuning) -> Group:
    """What was found, for a terminal: hits and errors side by side, by route."""
    table = Table(
        title=f"At most {found.max_error:.2%} wrong hits of all requests, {_promise(found)}: by {found.score}",
        title_justify="left",
        collapse_padding=True,
        pad_edge=False,
    )
    for index, column in enumerate(
        ("route", "at least", "hits", "wrong", "later hits", "wrong", "error", "95 %")
    ):
        table.add_column(column, justify="right" if index else "left")
    for row in found.rows:
        table.add_row(*_cells(row, _name(row, is_only=len(found.rows) == 1)))
    if len(found.rows) > 1:
        table.add_row(*_cells(found.total, "all requests", threshold=""))
    return Group(table, *_remarks(found))


def _name(row: Row, *, is_only: bool) -> str:
    if row.route is None:
        return "all" if is_only else "all others"
    # Model names may hold brackets, which rich would read as styles.
    return escape(row.route) + (" (tightened)" if row.how == "tightened" else "")


def _cells(row: Row, name: str, *, threshold: str | None = None) -> tuple[str, ...]:
    low, high = row.later_error_ci95
    if threshold is None:
        threshold = f"{row.threshold:g}" if row.threshold is not None else f"none: {row.reason}"
    return (
        name,
        threshold,
        f"{row.earlier.hits}/{row.earlier.requests}",
        str(row.earlier.wrong),
        f"{row.later.hits}/{row.later.requests}",
        str(row.later.wrong),
        f"{row.later_error:.2%}",
        f"{low * 100:.2f}-{high:.2%}",
    )


def _remarks(found: Tuning) -> list[str]:
    remarks = []
    if found.growth > 1.0:
        remarks.append(
            f"The memory was still filling: the bound was divided by {found.growth:.2f}, by which finds will grow."
        )
    if found.judged_share < 1.0:
        remarks.append(
            f"{found.judged_share:.1%} of candidates have a label: the bound was taken that much stricter."
        )
    if found.raised:
        remarks.append(
            "The later half asked for a stricter point than the earlier, so it does not verify it."
        )
    unjudged = found.total.later.unjudged
    if unjudged:
        remarks.append(f"{unjudged} of the later hits could not be judged; they are counted as no errors.")
    remarks += [f"Trouble while playing: {code}, {count} times." for code, count in found.trouble.items()]
    return remarks


def _write_config(path: Path, found: Tuning, trace: Trace, begin: str, *, overrides: Collection[str]) -> None:
    values = settings_of(found, overrides)
    text = edited(_text_of(path, begin), values, note=note_of(found, trace), source=path.name)
    replace_file(path, text.encode())


def settings_of(found: Tuning, overrides: Collection[str]) -> dict[tuple[str, ...], float]:
    """The numbers to set; routes that have an override already must not keep a looser one.

    With a probability goes the error that it was found for: it is what the gateway then watches, and why this
    point counts instead of the judge's own for that error.
    """
    common, *special = found.rows
    by_route = {row.route: row for row in special if row.route is not None}
    values: dict[tuple[str, ...], float] = {}
    for route in (None, *sorted({*by_route, *overrides})):
        section = ("cache",) if route is None else ("cache", "routes", route)
        row = common if route is None else by_route.get(route, common)
        values[*section, BARS[found.score]] = _setting(row)
        if found.score == "probability":
            values[*section, "max_error"] = values[*section, "tuned_error"] = found.max_error
    return values


def _setting(row: Row) -> float:
    return NOTHING_CLOSE if row.threshold is None else row.threshold


def note_of(found: Tuning, trace: Trace) -> list[str]:
    """The evidence, in the lines that stand beside the numbers."""
    low, high = found.total.later_error_ci95
    total = found.total
    note = [
        f"wrong hits at most {found.max_error:.3%} of requests, {_promise(found)}",
        f"on {trace.name} (sha256 {trace.sha256[:16]}), {found.labelled} labelled requests",
        f"earlier half: {total.earlier.hits} hits, {total.earlier.wrong} wrong, of {total.earlier.requests}",
        f"later half: {total.later.hits} hits, {total.later.wrong} wrong, of {total.later.requests}: "
        f"error {found.total.later_error:.3%} [{low:.3%}, {high:.3%}]"
        + (", after which the point was raised" if found.raised else ""),
    ]
    if found.growth > 1.0:
        note.append(
            f"the memory was still filling (finds grow {found.growth:.2f}-fold): tune again when it has doubled"
        )
    return note


def _promise(found: Tuning) -> str:
    return "in the mean" if found.confidence is None else f"with {found.confidence * 100:g}% confidence"


def _text_of(path: Path, begin: str) -> str:
    try:
        if not path.exists():
            return begin
        # Not read as text: line ends must stay as they are.
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config {path}: {error}") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a whole file or none: what was there stays until all of the new is on the disk.

    Raises:
        StartupError: it cannot be written.
    """
    # Where the name is a link, what it points to is replaced, not the link.
    path = path.resolve()
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets only its owner read; a config is as readable as it was, or as others are.
            Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror or error}") from error


def _share(text: str) -> float:
    return _between(text, "a share of requests, more than 0 and less than 1")


def _confidence(text: str) -> float | None:
    return None if text == "mean" else _between(text, "a share, more than 0 and less than 1, or `mean`")


def _between(text: str, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value
