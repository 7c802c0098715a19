"""`sparingly calibrate-router`: find the threshold at which a pair's strong model answers a wanted share.

Requests are scored by the router that serves, so the threshold means at run time
what it meant here.  Nobody is asked and nothing is stored.
"""

import argparse
import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from sparingly.clock import SystemClock
from sparingly.config.catalog import catalog_of
from sparingly.config.editing import edited
from sparingly.config.loading import load_settings
from sparingly.core.chat import Ask, Tenant, Text, Turn
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.strong_share import StrongShare, threshold_for
from sparingly.core.routing.target import Target
from sparingly.core.routing.tiers import classifier_kind
from sparingly.errors import ConfigError, LogError, RequestError, StartupError
from sparingly.learning.router.tier_examples import shipped_examples
from sparingly.opening import open_classifier, open_embedder, open_estimator, open_prices, open_tier_model
from sparingly.pipeline.choosing.route import Router
from sparingly.ports import Embedder
from sparingly.protocols.dialects import INBOUND
from sparingly.replay.lines import numbered_lines
from sparingly.replay.playing import DIALECTS
from sparingly.replay.trace import read_trace
from sparingly.settings import Settings

_TEXT_FIELDS = ("text", "prompt", "question")
# Fewer cannot tell a share of a few percent.
_FEWEST = 20


class Calibrated(msgspec.Struct, frozen=True):
    """What `--json` writes."""

    pair: str
    requests: int
    unscored: int
    wanted_share: float
    threshold: float
    share: float


def add_calibrate_router(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "texts",
        nargs="?",
        type=Path,
        metavar="LOG",
        help="a traffic log, JSON Lines with `text` or `prompt`, or a text a line; none: the package's examples",
    )
    parser.add_argument("--strong-share", type=_share, required=True, metavar="SHARE", help="such as 0.3")
    parser.add_argument(
        "--pair", metavar="NAME", help="which of routing.pairs; needed where there are several"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the config that has the pair")
    parser.add_argument("--write", type=Path, metavar="CONFIG", help="write the threshold into this config")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=_calibrate)


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected 0 to 1, got {text}")
    return value


def _calibrate(options: argparse.Namespace) -> int:
    settings = load_settings(options.config, os.environ)
    pair = _pair(settings, options.pair)
    asks = _asks(options.texts)
    if len(asks) < _FEWEST:
        raise LogError(f"{options.texts} has {len(asks)} requests; a share wants {_FEWEST} or more")
    scores = asyncio.run(pair_scores(settings, pair, asks))
    unscored = sum(score is None for score in scores)
    if unscored == len(scores):
        raise StartupError(f"no request got a score for routing.pairs.{pair}: nothing can be calibrated")
    found = threshold_for(scores, options.strong_share)
    told = Calibrated(pair, len(scores), unscored, options.strong_share, found.threshold, found.share)
    if options.json:
        print(msgspec.json.encode(told).decode())
    else:
        Console().print(_words(told, options.texts))
    if options.write is not None:
        _write(options.write, pair, found, told, options.texts)
    return 0


async def pair_scores(settings: Settings, pair: str, asks: Sequence[Ask]) -> list[float | None]:
    """What the router scores each request for a pair; None where it cannot.

    Raises:
        StartupError: a part cannot be opened.
    """
    embedder = await open_embedder(settings)
    try:
        router = await _router(settings, embedder)
        target = Target(pair, None, "asked", strategy=pair)
        scores: list[float | None] = []
        for number, ask in enumerate(asks):
            chosen = await router.choose(
                ask,
                target,
                conversation=Conversation(Tenant("calibration"), f"{number}"),
                vector=None,
                client_key=None,
            )
            scores.append(chosen.decision.scores.get("need"))
        return scores
    finally:
        await embedder.aclose()


async def _router(settings: Settings, embedder: Embedder) -> Router:
    if classifier_kind(settings.routing) == "llm":
        raise ConfigError(
            "a model that is asked for each request would have to be paid to calibrate; "
            "use the classifier of the kind embedding",
            path="routing.classifier",
        )
    prices, clock = open_prices(settings), SystemClock()
    known = await open_tier_model(settings, embedder)
    return Router(
        policy=settings.routing,
        catalog=catalog_of(settings),
        classifier=open_classifier(
            settings, known, embedder=embedder, upstreams={}, prices=prices, clock=clock
        ),
        clock=clock,
        rng=random.Random(0),  # noqa: S311 - balances load that is never sent
        prices=prices,
        estimator=open_estimator(settings, embedder=embedder, clock=clock),
    )


def _pair(settings: Settings, name: str | None) -> str:
    pairs = tuple(settings.routing.pairs)
    if not pairs:
        raise ConfigError("there is none to calibrate; name a strong and a weak model", path="routing.pairs")
    if name is None and len(pairs) == 1:
        return pairs[0]
    if name not in pairs:
        raise StartupError(f"--pair: expected one of {', '.join(pairs)}, got {name or 'none'}")
    return name


def _asks(path: Path | None) -> list[Ask]:
    if path is None:
        return [_ask(example.text) for example in shipped_examples()]
    if _is_log(path):
        trace = read_trace(path, served_paths=DIALECTS)
        return list(_of_log((one.path, one.request) for one in trace.requests))
    return [_ask(text) for text in _texts(path)]


def _is_log(path: Path) -> bool:
    _, line = next(numbered_lines(path), (0, b""))
    try:
        fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return False
    return fields.keys().isdisjoint(_TEXT_FIELDS)


def _of_log(requests: Iterator[tuple[str, bytes]]) -> Iterator[Ask]:
    for path, body in requests:
        try:
            yield INBOUND[DIALECTS[path.partition("?")[0]]].read(body)
        except RequestError:
            # The gateway would refuse it: it is routed nowhere.
            continue


def _texts(path: Path) -> Iterator[str]:
    for number, line in numbered_lines(path):
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("{"):
            text = _text_of(path, number, line)
        if text:
            yield text


def _text_of(path: Path, number: int, line: bytes) -> str:
    try:
        fields = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise LogError(f"{path}, line {number}: {error}") from error
    found = next((value for name in _TEXT_FIELDS if isinstance(value := fields.get(name), str)), None)
    if found is None:
        raise LogError(f"{path}, line {number}: expected one of {', '.join(_TEXT_FIELDS)}")
    return found.strip()


def _ask(text: str) -> Ask:
    return Ask("calibration", (Turn("user", (Text(text),)),))


def _words(told: Calibrated, path: Path | None) -> str:
    source = "the package's own examples, not your traffic" if path is None else str(path)
    unscored = f", {told.unscored} of them without a score and always strong" if told.unscored else ""
    return (
        f"routing.pairs.{told.pair}.threshold: {told.threshold:.4f}\n"
        f"sends {told.share:.1%} of {told.requests} requests to the strong model{unscored} ({source})"
    )


def _write(config: Path, pair: str, found: StrongShare, told: Calibrated, path: Path | None) -> None:
    try:
        text = config.read_text(encoding="utf-8")
        source = "the package's examples" if path is None else path.name
        note = (f"{found.share:.1%} of {told.requests} requests of {source} go to the strong model",)
        threshold = round(found.threshold, 6)
        config.write_text(
            edited(text, {("routing", "pairs", pair, "threshold"): threshold}, note=note, source=config.name),
            encoding="utf-8",
        )
    except OSError as error:
        raise StartupError(f"cannot write {config}: {error.strerror or error}") from error
