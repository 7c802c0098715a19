"""Read labelled examples, and make of them the model that sorts requests into tiers.

The package carries examples for three tiers and the model that its own embedder
learned from them, so that a default start embeds nothing.  Another embedder or
the operator's own examples are learned from at start, at the embedder's speed
(about 3 ms an example).

Own examples, `routing.classifier.examples`: JSON Lines or a YAML list, each with
`text` and `tier`; every tier of the config needs three or more.
The package's examples know the tiers simple, standard and complex; on a config
with other names or another number they are laid by order, first on first and
last on last (see `core/classifying.spread`).
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import yaml

from sparingly.core.policy import Classifier
from sparingly.core.routing.classifying import Example, TierModel, fit, vocabulary
from sparingly.core.vectors import Vector
from sparingly.errors import ConfigError, TextTooLong
from sparingly.ports import Embedder

SHIPPED_TIERS = ("simple", "standard", "complex")

_SETTING = "routing.classifier.examples"
_PACKAGE = "sparingly.learning"
_EXAMPLES_FILE = "tier_examples.jsonl"
_MODEL_FILE = "tier_model.json"
# Leave-one-out needs others of the same tier to learn from.
_MIN_EXAMPLES = 3
_AT_ONCE = 16


class StoredTierModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The package's model as a file; it holds for one embedder and one state of the examples."""

    version: int
    embedder: str
    examples_sha256: str
    temperature: float
    odds: tuple[float, float]
    feature_mean: list[float]
    feature_scale: list[float]
    center: list[float]
    bias: list[float]
    weights: list[list[float]]


async def tier_model(classifier: Classifier, *, tiers: tuple[str, ...], embedder: Embedder) -> TierModel:
    """The model for a config.

    Raises:
        ConfigError: the examples cannot be read or learned from.
        EmbedderError: an example could not be embedded.
    """
    if classifier.examples is not None:
        return await learn(read_examples(Path(classifier.examples), tiers=tiers), tiers, embedder)
    return shipped_model(embedder.name) or await learn(shipped_examples(), SHIPPED_TIERS, embedder)


async def learn(examples: Sequence[Example], tiers: tuple[str, ...], embedder: Embedder) -> TierModel:
    """Embed the examples and fit the model."""
    vectors: list[Vector] = []
    for start in range(0, len(examples), _AT_ONCE):
        batch = examples[start : start + _AT_ONCE]
        try:
            vectors += await asyncio.gather(*(embedder.embed(example.text) for example in batch))
        except TextTooLong as error:
            message = f"one of the examples {start + 1} to {start + len(batch)} is too long for the embedder"
            raise ConfigError(message, path=_SETTING) from error
    return await asyncio.to_thread(fit, examples, vectors, tiers=tiers)


def shipped_examples() -> list[Example]:
    """The package's examples."""
    lines = _package_file(_EXAMPLES_FILE).splitlines()
    return [msgspec.json.decode(line, type=Example) for line in lines]


def shipped_model(embedder_name: str) -> TierModel | None:
    """What the package's embedder learned from the package's examples; None for any other embedder."""
    stored = msgspec.json.decode(_package_file(_MODEL_FILE), type=StoredTierModel)
    if stored.embedder != embedder_name or stored.examples_sha256 != examples_sha256():
        return None
    return TierModel(
        tiers=SHIPPED_TIERS,
        feature_mean=np.array(stored.feature_mean),
        feature_scale=np.array(stored.feature_scale),
        center=np.array(stored.center),
        weights=np.array(stored.weights),
        bias=np.array(stored.bias),
        temperature=stored.temperature,
        odds=stored.odds,
        vocabulary=vocabulary(shipped_examples()),
    )


def stored(model: TierModel, *, embedder_name: str) -> StoredTierModel:
    """A model of the package's examples, ready to be written."""
    return StoredTierModel(
        version=2,
        embedder=embedder_name,
        examples_sha256=examples_sha256(),
        temperature=model.temperature,
        odds=model.odds,
        feature_mean=_rounded(model.feature_mean),
        feature_scale=_rounded(model.feature_scale),
        center=_rounded(model.center),
        bias=_rounded(model.bias),
        weights=[_rounded(row) for row in model.weights],
    )


def examples_sha256() -> str:
    """The checksum of the package's examples."""
    return hashlib.sha256(_package_file(_EXAMPLES_FILE)).hexdigest()


def read_examples(path: Path, *, tiers: tuple[str, ...]) -> list[Example]:
    """The operator's examples; raises ConfigError that names file and line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", path=_SETTING) from error
    is_yaml = path.suffix in {".yaml", ".yml"}
    found: list[Example] = []
    for line, example in _yaml_examples(path, data) if is_yaml else _json_lines(path, data):
        if example.tier not in tiers:
            message = f"{path}, line {line}: no tier is called '{example.tier}'; there are {', '.join(tiers)}"
            raise ConfigError(message, path=_SETTING)
        if not example.text.strip():
            raise ConfigError(f"{path}, line {line}: the text is empty", path=_SETTING)
        found.append(example)
    _require_enough(path, found, tiers)
    return found


def _require_enough(path: Path, examples: Sequence[Example], tiers: tuple[str, ...]) -> None:
    counts = Counter(example.tier for example in examples)
    for tier in tiers:
        if counts[tier] < _MIN_EXAMPLES:
            message = (
                f"{path}: the tier '{tier}' has {counts[tier]} examples, it needs {_MIN_EXAMPLES} or more"
            )
            raise ConfigError(message, path=_SETTING)


def _json_lines(path: Path, data: bytes) -> Iterator[tuple[int, Example]]:
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line, type=Example)
            except msgspec.DecodeError as error:
                raise ConfigError(f"{path}, line {number}: {error}", path=_SETTING) from error


def _yaml_examples(path: Path, data: bytes) -> Iterator[tuple[int, Example]]:
    try:
        # Composed, not loaded: nodes know their line.
        root = yaml.compose(data, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {error}".replace("\n", " "), path=_SETTING) from error
    if not isinstance(root, yaml.SequenceNode):
        raise ConfigError(f"{path}: a list of examples is expected", path=_SETTING)
    for node in root.value:
        number = node.start_mark.line + 1
        try:
            yield number, msgspec.convert(_plain(node), type=Example)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{path}, line {number}: {error}", path=_SETTING) from error


def _plain(node: yaml.Node) -> object:
    """A node of scalars as text; anything deeper is left to the type check to refuse."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): value.value for key, value in node.value}
    return node.value


def _package_file(name: str) -> bytes:
    return files(_PACKAGE).joinpath(name).read_bytes()


def _rounded(row: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    # Six digits: embeddings carry no more, and the file stays small.
    return [float(f"{value:.6g}") for value in row]
