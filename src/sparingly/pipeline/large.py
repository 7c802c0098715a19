"""Work whose time grows with a request's size, kept from holding up everybody else.

Reading, hashing and rewriting a body takes about 3 ms a megabyte.  A large one
goes to a thread: hashing lets others run meanwhile, and between the steps the
event loop gets its turn, so that it waits for one step at a time (11 ms for 10 MB)
and not for their sum.  A small one stays: changing threads costs 0.1 ms.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

# Half a millisecond's work; agents' bodies of 100 KB stay below.
LARGE_BYTES = 256 * 1024


async def by_size(size: int, work: Callable[[], _T]) -> _T:
    """Do `work` on something of `size` bytes, in a thread where it is large."""
    return work() if size < LARGE_BYTES else await asyncio.to_thread(work)
