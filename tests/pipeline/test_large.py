"""Large work leaves the event loop, small work does not."""

import threading

import pytest

from sparingly.pipeline.large import LARGE_BYTES, by_size

pytestmark = pytest.mark.anyio


async def test_small_work_stays_where_it_is() -> None:
    """Changing threads would cost more than it saves."""
    assert await by_size(LARGE_BYTES - 1, threading.get_ident) == threading.get_ident()


async def test_large_work_goes_to_a_thread() -> None:
    """And what it raises comes back."""
    assert await by_size(LARGE_BYTES, threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await by_size(LARGE_BYTES, lambda: 1 // 0)
