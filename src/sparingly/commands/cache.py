"""`sparingly cache show|search|forget|flush|export|import`: see and steer the cache.

With `--data` on a folder, while no gateway runs; else on the gateway at `--url`,
with the admin key from the environment.  What forgets is a dry run until `--yes`.

Exit codes: 0 done, 1 nothing was found to forget, or the work failed.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TypeAlias

import msgspec
from rich.console import Console

from sparingly.clock import SystemClock
from sparingly.commands.showing import entries_table, overview_tables
from sparingly.commands.steering import Steering
from sparingly.config.loading import load_settings
from sparingly.core.keeping.curation import FORGET_SIMILARITY, Wish
from sparingly.data_folder import data_folder
from sparingly.errors import StartupError
from sparingly.pipeline.steering.curating import Forgotten
from sparingly.settings import Server

DEFAULT_URL = f"http://{Server().host}:{Server().port}"

_Work: TypeAlias = Callable[[Steering, argparse.Namespace], Awaitable[int]]


def add_cache(parser: argparse.ArgumentParser) -> None:
    """The command's arguments; each subcommand sets `work`."""
    parts = parser.add_subparsers(required=True, metavar="show|search|forget|flush|export|import")
    _add(parts, "show", "count entries by tenant, model and tag", _show)
    search = _add(parts, "search", "list entries, newest first, or closest to a query", _search)
    search.add_argument("query", nargs="?", help="find what means the same as this")
    search.add_argument("--limit", type=int, default=20, help="entries at most (default: %(default)s)")
    _add_selection(search)
    forget = _add(parts, "forget", "forget entries; shows them first, --yes does it", _forget)
    forget.add_argument("ids", nargs="*", metavar="ID", help="entries, or the requests that wrote them")
    forget.add_argument("--query", help="what means the same as this")
    _add_selection(forget)
    _add_yes(forget)
    _add_yes(_add(parts, "flush", "forget everything; --yes does it", _flush))
    export = _add(parts, "export", "write every entry to a file of JSON Lines", _export)
    export.add_argument("file", nargs="?", default="-", help="where to; - is the standard output")
    taken = _add(parts, "import", "take entries from such a file: all or none", _import)
    taken.add_argument("file", type=Path)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Which cache is meant."""
    parser.add_argument("--url", help=f"the gateway (default: {DEFAULT_URL})")
    parser.add_argument(
        "--key-env", default=Server().admin_key_env, help="the variable with the admin key (%(default)s)"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="a data folder, while no gateway runs")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the config that goes with --data")


def run_cache(options: argparse.Namespace) -> int:
    """Run a subcommand."""
    return asyncio.run(_run(options, os.environ))


async def _run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    work: _Work = options.work
    async with open_steering(options, environ) as steering:
        return await work(steering, options)


@asynccontextmanager
async def open_steering(
    options: argparse.Namespace, environ: Mapping[str, str], *, explains: bool = False
) -> AsyncIterator[Steering]:
    """The cache that the options mean; raises StartupError where they contradict each other."""
    # Neither a client nor a model is loaded for `--help`, nor for the other commands.
    from sparingly.commands.local import Absent, open_local  # noqa: PLC0415
    from sparingly.commands.remote import open_remote  # noqa: PLC0415

    if options.url is not None and options.data is not None:
        raise StartupError("--url and --data: one of the two")
    if options.data is not None or (explains and options.url is None):
        settings = load_settings(options.config, environ)
        data = options.data if options.data is not None else data_folder(settings, environ)
        is_import = getattr(options, "work", None) is _import
        absent: Absent = "pretend" if explains else "make" if is_import else "refuse"
        async with open_local(settings, environ, data=data, absent=absent, explains=explains) as local:
            yield local
        return
    if options.config is not None and not explains:
        raise StartupError("--config goes with --data; the gateway at --url has its own")
    async with open_remote(options.url or DEFAULT_URL, environ.get(options.key_env)) as remote:
        yield remote


async def _show(steering: Steering, options: argparse.Namespace) -> int:
    overview = await steering.overview()
    if options.json:
        return _print_json(overview)
    Console().print(*overview_tables(overview))
    return 0


async def _search(steering: Steering, options: argparse.Namespace) -> int:
    found = await steering.entries(_wish(options), limit=options.limit)
    if options.json:
        return _print_json(found)
    if not found.entries:
        print("no entry matches")
        return 0
    Console().print(entries_table(found.entries, now=SystemClock().now(), title="Entries"))
    return 0


async def _forget(steering: Steering, options: argparse.Namespace) -> int:
    wish = _wish(options)
    if wish.names_nothing:
        raise StartupError("forget what? Give ids, --tag, --tenant, --model, --older-than or --query")
    return _tell(await steering.forget(wish, dry_run=not options.yes), options)


async def _flush(steering: Steering, options: argparse.Namespace) -> int:
    return _tell(await steering.flush(dry_run=not options.yes), options)


def _tell(forgotten: Forgotten, options: argparse.Namespace) -> int:
    if options.json:
        _print_json(forgotten)
    elif forgotten.count == 0:
        print("nothing matches, so nothing was forgotten", file=sys.stderr)
    elif forgotten.dry_run:
        if forgotten.examples:
            now = SystemClock().now()
            Console().print(entries_table(forgotten.examples, now=now, title="Some of what would go"))
        print(f"would forget {forgotten.count:,} entries; add --yes to do it")
    else:
        print(f"forgot {forgotten.count:,} entries")
    return 0 if forgotten.count else 1


async def _export(steering: Steering, options: argparse.Namespace) -> int:
    if options.file == "-":
        await _written(steering, sys.stdout.buffer)
        return 0
    target = Path(options.file)
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            count = await _written(steering, file)
        unfinished.replace(target)
    except OSError as error:
        raise StartupError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        # Half an export must not be taken for a whole one.
        unfinished.unlink(missing_ok=True)
    print(f"exported {count:,} entries to {target}")
    return 0


async def _written(steering: Steering, file: IO[bytes]) -> int:
    lines = 0
    async for piece in steering.export():
        file.write(piece)
        lines += piece.count(b"\n")
    return lines


async def _import(steering: Steering, options: argparse.Namespace) -> int:
    try:
        with options.file.open("rb") as file:
            imported = await steering.take(file, name=str(options.file))
    except OSError as error:
        raise StartupError(f"cannot read {options.file}: {error.strerror or error}") from error
    if options.json:
        return _print_json(imported)
    print(
        f"imported {imported.imported:,} entries; {imported.known:,} were here already, "
        f"{imported.expired:,} had expired"
    )
    return 0


def _add(
    parts: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, work: _Work
) -> argparse.ArgumentParser:
    parser = parts.add_parser(name, help=text, description=text.capitalize() + ".")
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(work=work, command=run_cache)
    return parser


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tag")
    parser.add_argument("--tenant")
    parser.add_argument("--model", help="the model that answered")
    parser.add_argument("--older-than", metavar="WHEN", help="an age such as 7d, or a date")
    parser.add_argument("--text", action="store_true", help="the query is words that questions hold")
    parser.add_argument(
        "--min-similarity", type=float, metavar="0..1", help=f"forget: {FORGET_SIMILARITY} unless given"
    )


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do it; without this it is a dry run")


def _wish(options: argparse.Namespace) -> Wish:
    return Wish(
        ids=tuple(getattr(options, "ids", ())),
        tenant=options.tenant,
        tag=options.tag,
        model=options.model,
        older_than=options.older_than,
        query=options.query,
        by="text" if options.text else "meaning",
        min_similarity=options.min_similarity,
    )


def _print_json(value: msgspec.Struct) -> int:
    print(msgspec.json.encode(value).decode())
    return 0
