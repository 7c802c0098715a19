"""A request as a client library has it, and as an ASGI endpoint takes it."""

from typing import cast
from urllib.parse import unquote

import msgspec
from litestar.types import HTTPScope


class Asked(msgspec.Struct, frozen=True):
    """A request as a client library has it; `body` is None where it follows in pieces."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes | None = None


def scope_of(asked: Asked) -> HTTPScope:
    """What an ASGI server would make of it."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(asked.path),
        "raw_path": asked.path.encode("ascii"),
        "query_string": asked.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in asked.headers],
        "client": None,
        "server": None,
        "state": {},
        "extensions": {},
    }
    return cast("HTTPScope", scope)
