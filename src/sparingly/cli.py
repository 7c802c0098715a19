"""The command line: read arguments, call what does the work, tell errors in one line.

| command | what it does | module |
|---|---|---|
| serve | answers requests | serving |
| demo | shows what the gateway does, on a bundled log | demo |
| check | says what a config means, or what is wrong with it | config |
| stats | sums up the ledger | ledgers |
| replay | plays a traffic log | replay |
| cache | shows and steers the cache | commands.cache |
| explain | says what would be done with a request | commands.explain |
| calibrate-router | finds a pair's threshold | commands.calibrate_router |
| evaluate-router | measures routing policies on a table of outcomes | commands.evaluate_router |
| train-router | fits the router that serve loads | commands.train_router |
| train-judge | fits a judge from labelled pairs | commands.train_judge |
| tune | finds the operating point that a labelled log shows | replay |

Exit codes: 0 done, 1 the work failed, 2 the call or the config is wrong.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec
from rich.console import Console

from sparingly.clock import SystemClock
from sparingly.commands.cache import add_cache
from sparingly.commands.calibrate_router import add_calibrate_router
from sparingly.commands.evaluate_router import add_evaluate_router
from sparingly.commands.explain import add_explain
from sparingly.commands.train_judge import add_train_judge
from sparingly.commands.train_router import add_train_router
from sparingly.config.loading import load_settings, require_secrets
from sparingly.config.summary import explain
from sparingly.data_folder import data_folder
from sparingly.errors import SparinglyError, StartupError
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER_FILE
from sparingly.ledgers.stats import since_of, stats_json, stats_table
from sparingly.ledgers.totals import read_stats
from sparingly.opening import open_prices
from sparingly.replay import tune_command
from sparingly.replay.command import add_arguments, options_of
from sparingly.replay.showing import tables
from sparingly.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the entry point of the console script."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        # Here, not at exit, so that a reader who has gone is noticed while it can be handled.
        sys.stdout.flush()
    except StartupError as error:
        print(f"sparingly: {error.message}", file=sys.stderr)
        return 2
    except SparinglyError as error:
        print(f"sparingly: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sparingly", description="A drop-in gateway for LLM traffic: cached, routed, measured."
    )
    parser.add_argument("--version", action="version", version=f"sparingly {version('sparingly')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="answer requests"))
    _add_demo(commands.add_parser("demo", help="see it work on a bundled log, with a simulated provider"))
    _add_check(commands.add_parser("check", help="say what a config means, or what is wrong with it"))
    _add_stats(commands.add_parser("stats", help="sum up the ledger"))
    add_cache(commands.add_parser("cache", help="see and steer the cache"))
    add_explain(commands.add_parser("explain", help="say what would be done with a request, and why"))
    add_evaluate_router(
        commands.add_parser("evaluate-router", help="measure routing policies on a table of outcomes")
    )
    add_train_router(commands.add_parser("train-router", help="fit the router that serve loads"))
    add_train_judge(commands.add_parser("train-judge", help="fit a judge from labelled pairs"))
    add_calibrate_router(
        commands.add_parser("calibrate-router", help="find the threshold for a share of the strong model")
    )
    _add_replay(commands.add_parser("replay", help="play a traffic log through the gateway's own code"))
    _add_tune(commands.add_parser("tune", help="find the operating point that a labelled log shows"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="a YAML config; see config/gateway.yaml")
    parser.add_argument("--host", help="listen here instead of server.host")
    parser.add_argument("--port", type=int, help="listen here instead of server.port; 0 takes a free one")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the one folder for everything persistent")
    parser.add_argument("--upstream", metavar="BASE_URL", help="send every model to this server")
    parser.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> int:
    from sparingly.serving import curl_line, serve  # noqa: PLC0415 - the other commands start without a server

    settings = load_settings(options.config, os.environ, upstream=options.upstream)
    settings = _with_options(settings, options)
    require_secrets(settings, os.environ)

    def tell(url: str) -> None:
        print(f"sparingly is listening on {url}/v1", flush=True)
        for name, provider in settings.providers.items():
            if provider.kind == "simulated":
                print(f"provider {name} is SIMULATED: its answers are made up", flush=True)
        print(f"try: {curl_line(url)}", flush=True)

    serve(settings, os.environ, on_listening=tell)
    return 0


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    server = settings.server
    if options.host is not None:
        server = msgspec.structs.replace(server, host=options.host)
    if options.port is not None:
        if not 0 <= options.port <= 65_535:
            raise StartupError(f"--port: {options.port} is no port; it must be from 0 to 65535")
        server = msgspec.structs.replace(server, port=options.port)
    settings = msgspec.structs.replace(settings, server=server)
    if options.data is not None:
        settings = msgspec.structs.replace(settings, data_dir=str(options.data))
    return settings


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="exit after the table instead of serving on")
    parser.add_argument("--port", type=int, default=0, help="listen here; 0, the default, takes a free port")
    parser.set_defaults(command=_demo)


def _demo(options: argparse.Namespace) -> int:
    from sparingly.demo import run_demo  # noqa: PLC0415 - a server and a client that only this command needs

    return run_demo(port=options.port, once=options.once)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the file to check; none: the environment"
    )
    parser.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    settings = load_settings(options.config, os.environ)
    prices, now = open_prices(settings), SystemClock().now()
    print(explain(settings, os.environ, is_priced=lambda p, m: prices.price(p, m, now=now) is not None))
    return 0


def _add_stats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", choices=("day", "model", "route", "tenant"), default="day")
    parser.add_argument("--since", metavar="WHEN", help="a date, a time, or an age such as 7d")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the config whose data folder is meant")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=_stats)


def _stats(options: argparse.Namespace) -> int:
    data = options.data
    if data is None:
        data = data_folder(load_settings(options.config, os.environ), os.environ)
    since = since_of(options.since, now=SystemClock().now()) if options.since is not None else 0.0
    stats = read_stats(data / LEDGER_FILE, by=options.by, since=since)
    if options.json:
        print(stats_json(stats).decode())
    else:
        Console().print(stats_table(stats))
    return 0


def _add_replay(parser: argparse.ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the config to play it with")
    parser.set_defaults(command=_replay)


def _replay(options: argparse.Namespace) -> int:
    from sparingly.replaying import run_replay  # noqa: PLC0415 - only this command needs engine and model here

    # Without a config every recorded model must be served, so the environment's providers have no say.
    settings = load_settings(options.config, os.environ if options.config is not None else {})
    config = options.config.read_bytes() if options.config is not None else None
    console = Console()
    console.print(
        tables(asyncio.run(run_replay(options_of(options), settings, config=config, console=console)))
    )
    return 0


def _add_tune(parser: argparse.ArgumentParser) -> None:
    tune_command.add_arguments(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the config to play it with")
    parser.set_defaults(command=_tune)


def _tune(options: argparse.Namespace) -> int:
    from sparingly.replaying import run_tune  # noqa: PLC0415 - only this command needs engine and model here

    settings = load_settings(options.config, os.environ if options.config is not None else {})
    config = options.config.read_bytes() if options.config is not None else None
    asyncio.run(run_tune(tune_command.options_of(options), settings, config=config, console=Console()))
    return 0
