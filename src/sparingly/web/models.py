"""GET /v1/models, and one of them by its name: the names the config gives, then what the default provider lists.

In the form of whoever asks: Anthropic's clients say which version of their API
they speak, all others get OpenAI's form.  What a provider lists is put into that
form where it is not in it already.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from sparingly.core.catalog import Catalog, known_models
from sparingly.core.policy import RoutingPolicy
from sparingly.errors import UpstreamError
from sparingly.pipeline.exchange import Caller
from sparingly.ports import Upstream, UpstreamRequest

PATH = "/v1/models"

# A list without the provider's part, soon, is better than a client that waits.
_PATIENCE_S = 5.0

_OURS = "sparingly"


class _Listed(msgspec.Struct):
    """A line in either form."""

    id: str
    type: object = None
    created: object = 0
    owned_by: object = None


class _List(msgspec.Struct):
    data: list[msgspec.Raw]


class ModelList:
    """Makes the list."""

    def __init__(
        self, *, catalog: Catalog, policy: RoutingPolicy, upstream: Upstream, patience_s: float = _PATIENCE_S
    ) -> None:
        """`patience_s` bounds the wait for the provider's part."""
        self._own = {
            model.name: _Listed(model.name, owned_by=model.provider or _OURS)
            for model in known_models(catalog, policy)
        }
        self._upstream = upstream
        self._patience_s = patience_s

    def answers(self, path: str) -> bool:
        """Whether a path is the list, or one of the config's names; other names the provider may know."""
        return path == PATH or path.removeprefix(f"{PATH}/") in self._own

    async def body(self, caller: Caller, *, headers: tuple[tuple[str, str], ...], path: str = PATH) -> bytes:
        """One model or the list; the provider's part is left out when it cannot be had."""
        write = _anthropics if _is_anthropics(headers) else _openais
        if path != PATH:
            return msgspec.json.encode(write(self._own[path.removeprefix(f"{PATH}/")], None))
        lines = [write(one, None) for one in self._own.values()]
        theirs = await self._theirs(caller, headers)
        lines += [write(one, raw) for one, raw in theirs if one.id not in self._own]
        if write is _openais:
            return msgspec.json.encode({"object": "list", "data": lines})
        names = [*self._own, *(one.id for one, _ in theirs if one.id not in self._own)]
        ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
        return msgspec.json.encode({"data": lines, "has_more": False, **ends})

    async def _theirs(
        self, caller: Caller, headers: tuple[tuple[str, str], ...]
    ) -> list[tuple[_Listed, msgspec.Raw]]:
        request = UpstreamRequest(method="GET", path=PATH, headers=headers, client_key=caller.key)
        try:
            async with asyncio.timeout(self._patience_s):
                reply = await self._upstream.send(request)
                body = await reply.read()
            # Lines go on unread: whatever else they hold, the list must stay UTF-8.
            lines = msgspec.json.decode(body.decode(), type=_List).data
            return [(msgspec.json.decode(line, type=_Listed), line) for line in lines]
        except (UpstreamError, TimeoutError, UnicodeDecodeError, msgspec.DecodeError, RecursionError):
            # Our own names are worth listing without theirs.
            return []


def _is_anthropics(headers: Iterable[tuple[str, str]]) -> bool:
    return any(name == "anthropic-version" for name, _ in headers)


def _openais(line: _Listed, raw: msgspec.Raw | None) -> object:
    """A line in OpenAI's form; one that is in no other form stays as it came."""
    if raw is not None and line.type != "model":
        return raw
    return {
        "id": line.id,
        "object": "model",
        "created": line.created,
        "owned_by": line.owned_by or "anthropic",
    }


def _anthropics(line: _Listed, raw: msgspec.Raw | None) -> object:
    """A line in Anthropic's form."""
    if raw is not None and line.type == "model":
        return raw
    try:
        made = datetime.fromtimestamp(line.created if isinstance(line.created, int) else 0, UTC)
    except (ValueError, OverflowError, OSError):
        made = datetime.fromtimestamp(0, UTC)
    return {
        "type": "model",
        "id": line.id,
        "display_name": line.id,
        "created_at": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
