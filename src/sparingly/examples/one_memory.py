"""Several clients of one program, of two houses, sync and async, that share one memory.

    OPENAI_API_KEY=... ANTHROPIC_API_KEY=... python -m sparingly.examples.one_memory

Each asks its own provider with its own key.  A data folder has one gateway, so what
is to share answers shares a LocalGateway; it closes with its last client.
"""

import asyncio

import httpx2
from anthropic import Anthropic
from openai import AsyncOpenAI, OpenAI

from sparingly.transport.httpx2 import AsyncSparinglyTransport, SparinglyTransport
from sparingly.transport.local_gateway import LocalGateway

QUESTION = "Why is the sea salty?"


async def main() -> None:
    """Ask with each of them."""
    gateway = LocalGateway()
    with (
        OpenAI(http_client=httpx2.Client(transport=SparinglyTransport(gateway))) as openai,
        Anthropic(http_client=httpx2.Client(transport=SparinglyTransport(gateway))) as anthropic,
    ):
        raw = openai.chat.completions.with_raw_response.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": QUESTION}]
        )
        print("OpenAI", raw.headers["x-sparingly-cache"])

        http_client = httpx2.AsyncClient(transport=AsyncSparinglyTransport(gateway))
        async with AsyncOpenAI(http_client=http_client) as async_openai:
            told = await async_openai.chat.completions.with_raw_response.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": QUESTION}]
            )
            print("AsyncOpenAI", told.headers["x-sparingly-cache"])

        message = anthropic.messages.with_raw_response.create(
            model="claude-haiku-4-5", max_tokens=200, messages=[{"role": "user", "content": QUESTION}]
        )
        print("Anthropic", message.headers["x-sparingly-cache"])


if __name__ == "__main__":
    asyncio.run(main())
