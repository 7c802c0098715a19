"""A fitted router as bytes: checksum, version, names, arrays; no code and no prompt's words.

Rule: a file that is damaged, or made for another embedder or another reading of
words, is refused when the gateway starts; it would route, and wrongly.
"""

import hashlib
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from sparingly.core.routing.prompt_terms import BUCKETS, SIZES
from sparingly.core.routing.prompt_terms import VERSION as TERMS_VERSION
from sparingly.core.routing.router_model import RouterModel
from sparingly.errors import StartupError

_MAGIC: Final = b"sparingly-router\n"
_DIGEST_BYTES: Final = 32
_VERSION: Final = 1
# Little-endian whatever the machine; the only two kinds of numbers a router has.
_KINDS: Final = {"f": "<f4", "i": "<i8"}


_Kind = TypeVar("_Kind")


class _Head(msgspec.Struct, frozen=True):
    """What must fit before the rest is looked at."""

    version: int
    terms: tuple[int, int, int]
    embedder: str


class _Stored(msgspec.Struct, frozen=True):
    """The file's content."""

    head: _Head
    router: RouterModel


class _OnlyHead(msgspec.Struct, frozen=True):
    head: _Head


class _Array(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    shape: tuple[int, ...]
    data: bytes


_READING: Final = (TERMS_VERSION, BUCKETS, SIZES)


def dump_router(router: RouterModel) -> bytes:
    """The router as a file; equal routers give equal bytes."""
    head = _Head(_VERSION, _READING, router.embedder)
    body = msgspec.msgpack.encode(_Stored(head, router), enc_hook=_from_array)
    return _MAGIC + hashlib.sha256(body).digest() + body


def load_router(data: bytes, *, embedder: str, source: str) -> RouterModel:
    """Read a router's file; `source` names it in errors.

    Raises:
        StartupError: it is no router's file, damaged, or made for another embedder or version.
    """
    if not data.startswith(_MAGIC):
        raise StartupError(f"{source} is no router file; `sparingly train-router` writes one")
    digest, body = (
        data[len(_MAGIC) : len(_MAGIC) + _DIGEST_BYTES],
        data[len(_MAGIC) + _DIGEST_BYTES :],
    )
    if hashlib.sha256(body).digest() != digest:
        raise StartupError(
            f"the router file {source} is damaged: its checksum does not agree with its content"
        )
    head = _decoded(body, _OnlyHead, source).head
    if head.version != _VERSION or head.terms != _READING:
        raise StartupError(
            f"the router file {source} is of version {head.version}.{head.terms[0]}, this program reads "
            f"{_VERSION}.{TERMS_VERSION}: fit it again with `sparingly train-router`"
        )
    if head.embedder != embedder:
        raise StartupError(
            f"the router file {source} was fitted with the embedder {head.embedder}, not with {embedder}: "
            "fit one with `sparingly train-router`"
        )
    return _decoded(body, _Stored, source).router


def _decoded(body: bytes, kind: type[_Kind], source: str) -> _Kind:
    try:
        return msgspec.msgpack.decode(body, type=kind, dec_hook=_to_array)
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        raise StartupError(f"the router file {source} cannot be read: {error}") from error


def _from_array(value: object) -> _Array:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"a router holds no {type(value).__name__}")
    kind = value.dtype.kind
    return _Array(kind, value.shape, np.ascontiguousarray(value, dtype=_KINDS[kind]).tobytes())


def _to_array(_kind: object, value: object) -> np.ndarray[Any, np.dtype[Any]]:
    stored = msgspec.convert(value, _Array)
    flat = np.frombuffer(stored.data, dtype=_KINDS[stored.kind])
    return flat.astype(np.float32 if stored.kind == "f" else np.intp).reshape(stored.shape)
