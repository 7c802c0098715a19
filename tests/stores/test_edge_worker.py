import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from sparingly.core.entry import Digest, Selector
from sparingly.stores.edge_shard import Shard
from sparingly.stores.edge_wire import (
    Command,
    Count,
    Credit,
    Exact,
    Forget,
    Found,
    Frames,
    Near,
    Page,
    Put,
    Reply,
    Sweep,
    Tally,
    Touch,
    framed,
)
from sparingly.stores.edge_worker import answer, serve
from sparingly.stores.qdrant_points import Equals, Listing, payload_of
from tests.asks import NOW, entry

UP = np.array([0, 1], dtype=np.float32).tobytes()
ENTRY = entry(tags=("faq",))
PAYLOAD = payload_of(ENTRY, comparable=True)


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[Shard]:
    opened = Shard(tmp_path, dimensions=2)
    yield opened
    opened.close()


def test_a_session_reads_like_a_transcript(shard: Shard) -> None:
    """One reply a command, with the scopes that came and went."""
    touched = msgspec.structs.replace(PAYLOAD, worth=2.0, hits=1)
    credited = msgspec.structs.replace(touched, confirmed=1)
    theirs = (Equals("tenant", "globex"),)
    transcript: list[tuple[Command, Reply]] = [
        (Count(), Reply(number=0)),
        (Exact(ENTRY.digest, NOW), Reply()),
        (Put(ENTRY.digest, PAYLOAD, UP), Reply(filled=(ENTRY.scope,))),
        (Exact(ENTRY.digest, NOW), Reply(found=(Found(PAYLOAD),))),
        (Touch(ENTRY.digest, 2.0, 1), Reply()),
        (Near(ENTRY.scope, UP, 5, NOW), Reply(found=(Found(touched, 1.0),))),
        (Credit(ENTRY.digest, 1, 0), Reply()),
        (Page(Listing((), 5, newest_first=True)), Reply(found=(Found(credited),))),
        (Page(Listing(theirs, 5)), Reply()),
        (Tally("tags", 5), Reply(numbers={"faq": 1})),
        (Tally("tags", 5, theirs), Reply()),
        (Count(theirs), Reply(number=0)),
        (Sweep(NOW, 5, 10), Reply(number=0)),
        (Forget(Selector(tag="faq"), 10), Reply(number=1, emptied=(ENTRY.scope,))),
        (Count(), Reply(number=0)),
    ]

    for command, reply in transcript:
        assert answer(shard, command) == reply


def test_trouble_is_a_reply(shard: Shard) -> None:
    """The process lives on."""
    reply = answer(shard, Exact(Digest("nonsense"), NOW))

    assert reply.trouble is not None
    assert answer(shard, Count()) == Reply(number=0)


def test_commands_are_answered_in_order_until_the_other_end_closes(shard: Shard) -> None:
    """The first reply is for no command: it lists the scopes."""
    shard.put(ENTRY.digest, PAYLOAD, UP)
    ours, theirs = socket.socketpair()

    with ours, theirs:
        ours.sendall(framed(Count()) + framed(Exact(ENTRY.digest, NOW)))
        ours.shutdown(socket.SHUT_WR)
        serve(theirs, shard)
        theirs.close()
        replies = [msgspec.msgpack.decode(body, type=Reply) for body in Frames().feed(_all(ours))]

    assert replies == [Reply(filled=(ENTRY.scope,)), Reply(number=1), Reply(found=(Found(PAYLOAD),))]


def _all(sock: socket.socket) -> bytes:
    received = b""
    while data := sock.recv(65536):
        received += data
    return received
