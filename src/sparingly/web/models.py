"""GET /v1/models: the names the config gives, then what the default provider lists."""

import asyncio

import msgspec

from sparingly.core.catalog import Catalog, known_models
from sparingly.core.policy import RoutingPolicy
from sparingly.errors import UpstreamError
from sparingly.pipeline.exchange import Caller
from sparingly.ports import Upstream, UpstreamRequest

# A list without the provider's part, soon, is better than a client that waits.
_PATIENCE_S = 5.0


class _Listed(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[msgspec.Raw]


class ModelList:
    """Makes the list, in OpenAI's shape."""

    def __init__(
        self, *, catalog: Catalog, policy: RoutingPolicy, upstream: Upstream, patience_s: float = _PATIENCE_S
    ) -> None:
        """`patience_s` bounds the wait for the provider's part."""
        self._own = known_models(catalog, policy)
        self._upstream = upstream
        self._patience_s = patience_s

    async def body(self, caller: Caller, *, headers: tuple[tuple[str, str], ...]) -> bytes:
        """The list; the provider's part is left out when it cannot be had."""
        lines: list[object] = [
            {"id": model.name, "object": "model", "created": 0, "owned_by": model.provider or "sparingly"}
            for model in self._own
        ]
        own = {model.name for model in self._own}
        lines += [line for name, line in await self._theirs(caller, headers) if name not in own]
        return msgspec.json.encode({"object": "list", "data": lines})

    async def _theirs(
        self, caller: Caller, headers: tuple[tuple[str, str], ...]
    ) -> list[tuple[str, msgspec.Raw]]:
        request = UpstreamRequest(method="GET", path="/v1/models", headers=headers, client_key=caller.key)
        try:
            async with asyncio.timeout(self._patience_s):
                reply = await self._upstream.send(request)
                body = await reply.read()
            # Lines go on unread: whatever else they hold, the list must stay UTF-8.
            lines = msgspec.json.decode(body.decode(), type=_List).data
            return [(msgspec.json.decode(line, type=_Listed).id, line) for line in lines]
        except (UpstreamError, TimeoutError, UnicodeDecodeError, msgspec.DecodeError, RecursionError):
            # Our own names are worth listing without theirs.
            return []
