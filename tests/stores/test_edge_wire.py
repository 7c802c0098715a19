import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.entry import Selector
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
from sparingly.stores.qdrant_points import At, Before, Equals, Listing, OneOf, payload_of
from tests.asks import NOW, entry

ENTRY = entry(tags=("faq",))
PAYLOAD = payload_of(ENTRY, comparable=True)
COMMANDS: list[Command] = [
    Exact(ENTRY.digest, NOW),
    Near(ENTRY.scope, b"\x00\x01\xff\xfe", 5, NOW),
    Put(ENTRY.digest, PAYLOAD, None),
    Put(ENTRY.digest, PAYLOAD, b""),
    Touch(ENTRY.digest, 1.5, 2),
    Credit(ENTRY.digest, 3, 1),
    Page(Listing((At("created_at", NOW), OneOf("source", ("r1",))), 10, start=ENTRY.digest)),
    Page(Listing((Before("created_at", NOW),), 10, newest_first=True)),
    Tally("tags", 10, (Equals("tenant", "acme"),)),
    Forget(Selector(tag="faq"), 10),
    Sweep(NOW, 100, 10),
    Count(),
    Count((Equals("tenant", "acme"),)),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_arrives_as_it_was_sent(command: Command) -> None:
    [body] = Frames().feed(framed(command))

    assert msgspec.msgpack.decode(body, type=Command) == command


def test_a_reply_arrives_as_it_was_sent() -> None:
    reply = Reply(
        found=(Found(PAYLOAD, 0.5),),
        number=3,
        numbers={"a": 1},
        filled=(ENTRY.scope,),
        emptied=(),
        trouble="no",
    )

    [body] = Frames().feed(framed(reply))

    assert msgspec.msgpack.decode(body, type=Reply) == reply


@given(st.lists(st.integers(1, 400), max_size=20))
def test_frames_do_not_depend_on_how_the_bytes_arrive(cuts: list[int]) -> None:
    """A socket may cut anywhere."""
    sent = b"".join(framed(command) for command in COMMANDS)
    frames = Frames()
    bodies: list[bytes] = []

    for cut in cuts:
        bodies += frames.feed(sent[:cut])
        sent = sent[cut:]
    bodies += frames.feed(sent)

    assert [msgspec.msgpack.decode(body, type=Command) for body in bodies] == COMMANDS
