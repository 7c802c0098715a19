"""The process that owns the store's folder: `python -m sparingly.stores.edge_worker FOLDER DIMENSIONS`.

Started by `edge_process.py`, with one end of a socket pair as its standard
input; it carries out one command after the other and ends when the gateway's
end closes, however the gateway ended.  Why there is such a process at all is
told in `edge_shard.py`.
"""

import select
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Final, assert_never

import msgspec

from sparingly.errors import StoreError
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

# A gateway that is started again at once may find the process of the old one still closing the
# folder; with 50,000 unflushed entries that took 0.4 s.
_LOCK_WAIT_S: Final = 2.0

# So long without a command is a good moment to flush and to compact.
_QUIET_S: Final = 1.0

_READ_BYTES: Final = 256 * 1024


def main(folder: str, dimensions: str) -> int:
    """Serve the folder until the gateway is gone; return the exit code."""
    with socket.socket(fileno=sys.stdin.fileno()) as gateway:
        try:
            shard = Shard(Path(folder), dimensions=int(dimensions), lock_wait_s=_LOCK_WAIT_S)
        except StoreError as error:
            gateway.sendall(framed(Reply(trouble=error.message)))
            return 1
        try:
            with closing(shard):
                serve(gateway, shard)
        except ConnectionError:
            # The gateway was killed: there is nobody to tell, and the folder is in order.
            return 0
        except StoreError as error:
            # Flushing or compacting failed with nobody asking; the next caller finds the process gone.
            sys.stderr.write(f"sparingly: {error.message}\n")
            return 1
    return 0


def serve(gateway: socket.socket, shard: Shard) -> None:
    """Send the filled scopes, then answer every command until the other end is closed."""
    gateway.sendall(framed(_told(shard, Reply())))
    decoder: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
    frames = Frames()
    is_settled = False
    while True:
        arrived, _, _ = select.select([gateway], [], [], None if is_settled else _QUIET_S)
        if not arrived:
            shard.settle()
            is_settled = True
            continue
        data = gateway.recv(_READ_BYTES)
        if not data:
            return
        is_settled = False
        for body in frames.feed(data):
            gateway.sendall(framed(answer(shard, decoder.decode(body))))


def answer(shard: Shard, command: Command) -> Reply:
    """Carry out one command; trouble is part of the reply."""
    try:
        return _told(shard, _done(shard, command))
    except StoreError as error:
        return _told(shard, Reply(trouble=error.message))


def _done(shard: Shard, command: Command) -> Reply:  # noqa: C901 - a table: one case a command
    match command:
        case Exact(digest, now):
            payload = shard.exact(digest, now=now)
            return Reply() if payload is None else Reply(found=(Found(payload),))
        case Near(scope, vector, limit, now):
            return Reply(found=tuple(shard.neighbors(scope, vector, limit=limit, now=now)))
        case Put(digest, payload, vector):
            shard.put(digest, payload, vector)
            return Reply()
        case Touch(digest, worth, hits):
            shard.touch(digest, worth=worth, hits=hits)
            return Reply()
        case Credit(digest, confirmed, denied):
            shard.credit(digest, confirmed=confirmed, denied=denied)
            return Reply()
        case Page(listing):
            return Reply(found=tuple(Found(payload) for payload in shard.listed(listing)))
        case Tally(field, limit, conditions):
            return Reply(numbers=shard.tally(field, conditions, limit=limit))
        case Forget(selector, limit):
            return Reply(number=shard.forget(selector, limit=limit))
        case Sweep(now, max_entries, limit):
            return Reply(number=shard.sweep(now=now, max_entries=max_entries, limit=limit))
        case Count(conditions):
            return Reply(number=shard.count(conditions))
        case _:
            assert_never(command)


def _told(shard: Shard, reply: Reply) -> Reply:
    """The reply, with the scopes that were filled or emptied since the last one."""
    filled, emptied = shard.take_changes()
    return msgspec.structs.replace(reply, filled=filled, emptied=emptied)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
