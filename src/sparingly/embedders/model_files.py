"""The files of an embedding model in a folder: are they whole, and how are they named?

A folder may hold `checksums.json` (file name to SHA-256); then every file in it must
agree.  The package's own model has one: a truncated download or a changed file must be
told at start-up, not by strange similarities.  The name that the rest of the gateway
knows a model by includes a digest of its files, so vectors of different weights never meet.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from sparingly.errors import StartupError

Read = TypeVar("Read")

PACKAGED: Final = Path(__file__).parent / "minilm"
"""all-MiniLM-L6-v2 in eight bits; benchmarks/embedder/make.py makes it."""

_CHECKSUMS = "checksums.json"
_NEEDED = ("tokenizer.json", "tokenizer_config.json")

# Hexadecimal digits of the digest in a name: 48 bits, enough to tell models apart.
_NAME_DIGITS = 12


class _SentenceConfig(msgspec.Struct):
    max_seq_length: int


class _PoolingConfig(msgspec.Struct):
    pooling_mode_cls_token: bool = False
    pooling_mode_lasttoken: bool = False


def check_files(folder: Path) -> None:
    """Raise StartupError if a file is missing or is not the one that was released."""
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise StartupError(f"embedding model {folder}: there is no {name}")
    for name, expected in _checksums(folder).items():
        found = sha256(folder / name)
        if found != expected:
            raise StartupError(
                f"embedding model file {folder / name} is damaged: its SHA-256 is {found}, not {expected}"
            )


def model_file(folder: Path) -> str:
    """The ONNX file's path inside the folder."""
    for name in ("model.onnx", "onnx/model.onnx"):
        if (folder / name).is_file():
            return name
    raise StartupError(f"embedding model {folder}: there is no model.onnx or onnx/model.onnx")


def identity(label: str, folder: Path, names: tuple[str, ...]) -> str:
    """A name that changes with any of the named files: `minilm@3f0a...`."""
    known: Mapping[str, str] = _checksums(folder)
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name} {known.get(name) or sha256(folder / name)}\n".encode())
    return f"{label}@{digest.hexdigest()[:_NAME_DIGITS]}"


def sentence_window(folder: Path) -> int | None:
    """The length the model was trained for, where its files say so; in word pieces."""
    path = folder / "sentence_bert_config.json"
    return _read(path, _SentenceConfig).max_seq_length if path.is_file() else None


def pooling(folder: Path) -> str:
    """How a text's token vectors become one: `CLS`, `LAST_TOKEN`, or `MEAN` where nothing is said."""
    path = folder / "1_Pooling" / "config.json"
    config = _read(path, _PoolingConfig) if path.is_file() else _PoolingConfig()
    if config.pooling_mode_cls_token:
        return "CLS"
    return "LAST_TOKEN" if config.pooling_mode_lasttoken else "MEAN"


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StartupError(f"embedding model file {path} cannot be read: {error.strerror}") from error


def _checksums(folder: Path) -> dict[str, str]:
    path = folder / _CHECKSUMS
    return _read(path, dict[str, str]) if path.is_file() else {}


def _read(path: Path, kind: type[Read]) -> Read:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise StartupError(f"embedding model file {path} cannot be read: {error}") from error
