"""Ask a small model a question of our own, once, and count what that cost.

For classifiers and judges.  It never raises: whoever asks has a decision to
make, with or without an opinion.
"""

import asyncio

import msgspec

from sparingly.core.answer import Answer, Usage
from sparingly.core.chat import Ask
from sparingly.core.pricing import known_cost_nano
from sparingly.errors import RequestError, UpstreamError
from sparingly.ports import Clock, Prices, Upstream, UpstreamRequest
from sparingly.protocols.dialect import Outbound


class Opinion(msgspec.Struct, frozen=True):
    """The model's words, None where it gave none, and why; `cost_nano` is None where no price is known."""

    text: str | None
    usage: Usage = Usage()
    cost_nano: int | None = 0
    trouble: str | None = None
    """`slow`, `refused`, or the code of what went wrong."""


class SmallModel:
    """One model at one provider; `name` is what `upstream` knows it by."""

    def __init__(
        self,
        *,
        upstream: Upstream,
        outbound: Outbound,
        name: str,
        timeout_s: float,
        prices: Prices,
        clock: Clock,
    ) -> None:
        self._upstream = upstream
        self._outbound = outbound
        self.name = name
        self._timeout_s = timeout_s
        self._prices = prices
        self._clock = clock

    @property
    def provider(self) -> str:
        """Who serves it."""
        return self._upstream.name

    async def ask(self, question: Ask, *, client_key: str | None) -> Opinion:
        """The model's answer, in time or not at all; `client_key` is for providers that have none configured."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._answer(question, client_key)
        except TimeoutError:
            # What a provider charges for an answer nobody read, nobody tells us.
            return Opinion(None, trouble="slow")
        except (UpstreamError, RequestError) as error:
            # Whoever asked goes on without an opinion.
            return Opinion(None, trouble=error.code)
        if answer is None:
            return Opinion(None, trouble="refused")
        price = self._prices.price(self._upstream.name, self.name, now=self._clock.now())
        return Opinion(answer.text, answer.usage or Usage(), cost_nano=known_cost_nano(answer.usage, price))

    async def _answer(self, question: Ask, client_key: str | None) -> Answer | None:
        """The model's answer, None where the provider refused."""
        reply = await self._upstream.send(
            UpstreamRequest(
                method="POST",
                path=self._outbound.path,
                headers=(("content-type", "application/json"),),
                body=self._outbound.write(question, model=self.name),
                model=self.name,
                client_key=client_key,
                timeout_s=self._timeout_s,
            )
        )
        try:
            body = await reply.read()
        finally:
            await reply.aclose()
        return None if reply.status >= 400 else self._outbound.read(body)
