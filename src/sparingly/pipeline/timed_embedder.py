"""Embed a text in bounded time, for whoever has a decision to make with or without a vector."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from sparingly.core.vectors import Vector
from sparingly.errors import EmbedderError, TextUnfit
from sparingly.pipeline.breaker import Breaker
from sparingly.ports import Clock, Embedder

_COOLDOWN_S = 5.0


class Embedded(msgspec.Struct, frozen=True):
    """A text's vector where there is one, how long it took where it was made now, and what failed."""

    vector: Vector | None = None
    embed_s: float | None = None
    trouble: tuple[str, ...] = ()


class TimedEmbedder:
    """Embeds in bounded time and never raises; gives an embedder that fails a rest."""

    def __init__(self, embedder: Embedder, *, timeout_s: float, clock: Clock, slow: str) -> None:
        """`slow` names the trouble of a vector that came too late."""
        self._embedder = embedder
        self._timeout_s = timeout_s
        self._clock = clock
        self._slow = slow
        self._breaker = Breaker(clock, cooldown_s=_COOLDOWN_S)

    async def embed(self, text: str) -> Embedded:
        """The vector of a text; one that no vector stands for is no trouble."""
        return await self._timed(text, self._embedder.embed)

    async def head(self, text: str) -> Embedded:
        """The vector of a text's first window, which stands for no text and is never for the cache."""
        return await self._timed(text, self._embedder.head)

    async def _timed(self, text: str, embed: Callable[[str], Awaitable[Vector]]) -> Embedded:
        if not text.strip():
            return Embedded()
        if not self._breaker.allows():
            return Embedded(trouble=("embedder-down",))
        begun = self._clock.tick()
        try:
            async with asyncio.timeout(self._timeout_s):
                vector = await embed(text)
        except TextUnfit:
            # Not a trouble: features, or the text's first window, are worth a doubtful answer.
            self._breaker.worked()
            return Embedded()
        except EmbedderError as error:
            self._breaker.failed()
            return Embedded(trouble=(error.code,))
        except TimeoutError:
            # Whoever waits here is better served by the default.
            self._breaker.failed()
            return Embedded(trouble=(self._slow,))
        self._breaker.worked()
        return Embedded(vector, self._clock.tick() - begun)
