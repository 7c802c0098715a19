from collections.abc import AsyncIterator

import pytest

from sparingly.upstreams.http_client import HttpClient


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    made = HttpClient()
    yield made
    await made.aclose()
