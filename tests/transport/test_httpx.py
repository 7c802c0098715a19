"""The transports for httpx."""

import httpx
import pytest

from sparingly.transport.httpx import AsyncSparinglyTransport, SparinglyTransport
from sparingly.transport.local_gateway import LocalGateway

pytestmark = pytest.mark.anyio


async def test_they_are_what_the_library_takes(gateway: LocalGateway) -> None:
    """Type checkers and its own checks agree; nothing is opened by making them."""
    transport, async_transport = SparinglyTransport(gateway), AsyncSparinglyTransport(gateway)

    assert isinstance(transport, httpx.BaseTransport)
    assert isinstance(async_transport, httpx.AsyncBaseTransport)
    transport.close()
    await async_transport.aclose()


def test_a_closed_transport_says_so(gateway: LocalGateway) -> None:
    """Closing it twice does no harm."""
    transport = SparinglyTransport(gateway)
    transport.close()
    transport.close()

    with pytest.raises(RuntimeError, match="closed"):
        transport.handle_request(httpx.Request("GET", "http://localhost/v1/models"))
