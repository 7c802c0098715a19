"""`sparingly explain REQUEST.json`: what the gateway would do with a request, and why.

The request is in any dialect; where its body could be of two, `--dialect` says which.
Routes and directives depend on headers, too: `--header 'x-sparingly-model: gpt-4o'`
says one, as often as needed.  With `--url` the running gateway explains it; else a gateway of this config, on
the answers in `--data`, the config's data folder, or none.
"""

import argparse
import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import msgspec
from rich.console import Console

from sparingly.commands.cache import add_place, open_steering
from sparingly.commands.showing import explanation_tables
from sparingly.commands.steering import Steering
from sparingly.core.chat import Tenant
from sparingly.errors import InvalidRequest, StartupError
from sparingly.pipeline.steering.explaining import Explanation
from sparingly.settings import Dialect
from sparingly.web.headers import headers_of_lines

DIALECTS = (*get_args(Dialect), "openai-embeddings")

# A request is some kilobytes; with pictures, some megabytes.
_MOST_BYTES = 64 * 1024 * 1024


def add_explain(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("request", type=Path, metavar="REQUEST.json", help="the body of a request")
    parser.add_argument("--tenant", default="default", help="whose request it is (default: %(default)s)")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header of the request; may be given more than once",
    )
    parser.add_argument(
        "--dialect", choices=DIALECTS, help="what the request speaks (default: what its body shows)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_place(parser)
    parser.set_defaults(command=run_explain)


def run_explain(options: argparse.Namespace) -> int:
    """Run the command."""
    return asyncio.run(_run(options, os.environ))


async def _run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    body, headers = _body(options.request), _headers(options.header)
    async with open_steering(options, environ, explains=True) as steering:
        explanation = await _explained(steering, body, headers, options)
    if options.json:
        print(msgspec.json.encode(explanation).decode())
    else:
        Console().print(*explanation_tables(explanation))
    return 0


async def _explained(
    steering: Steering, body: bytes, headers: Mapping[str, str], options: argparse.Namespace
) -> Explanation:
    try:
        return await steering.explain(
            body, tenant=Tenant(options.tenant), headers=headers, dialect=options.dialect
        )
    except InvalidRequest as error:
        raise InvalidRequest(f"{options.request}: {error.message}", field=error.field) from error


def _headers(lines: Sequence[str]) -> dict[str, str]:
    try:
        return headers_of_lines(lines)
    except InvalidRequest as error:
        raise StartupError(f"--header: {error.message}") from error


def _body(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StartupError(f"cannot read {path}: {error.strerror or error}") from error
    if len(body) > _MOST_BYTES:
        raise StartupError(f"{path} is larger than {_MOST_BYTES} bytes: that is no request")
    return body
