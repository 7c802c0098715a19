"""The benchmark of translation times what it says: whole streams of every dialect."""

import pytest

from benchmarks.web.translation import DIALECTS, chunk_times, stream_of
from sparingly.core.transcript import fold
from sparingly.protocols.dialects import OUTBOUND

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialects_stream_says_the_same(dialect: str) -> None:
    """Reasoning, words and a call, in many pieces."""
    pieces = stream_of(dialect)
    reader = OUTBOUND[dialect].reader()

    answer = fold([delta for piece in pieces for delta in reader.feed(piece)])

    assert reader.is_complete
    assert answer.text.startswith("four words or so")
    assert answer.has_tool_calls
    assert len(pieces) > 100


@pytest.mark.parametrize("client", DIALECTS)
async def test_each_chunk_is_timed(client: str) -> None:
    """The stream comes to its end, which the benchmark checks itself."""
    wire = stream_of("openai")

    assert len(await chunk_times("openai", client, wire)) > 100
