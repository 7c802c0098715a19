"""Server-Sent Events: read them from bytes that may be cut anywhere, and write them.

Follows the WHATWG HTML standard, section 9.2 (event streams): three line ends,
comments, several data lines, one optional space after the colon, a byte order
mark at the very start, and an event without its blank line at the end of the
stream is dropped.  `id` and `retry` serve reconnection, which no provider
here supports; they are read over.

Most streams are `data: {...}` and a blank line, so that shape is taken without
looking at lines.
"""

import msgspec

_BOM = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event; `name` is empty where the stream gives none."""

    data: bytes
    name: str = ""


class SseParser:
    """Cuts a stream into events."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self._at_start = True
        self._skips_lf = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete by now, in order."""
        if self._skips_lf or b"\r" in data:
            data = self._with_plain_line_ends(data)
        tail = self._tail
        # A blank line may be cut in two: the tail's last byte is looked at again.
        seen = max(0, len(tail) - 1)
        tail += data
        if tail.find(b"\n\n", seen) < 0:
            return []
        *blocks, rest = bytes(tail).split(b"\n\n")
        self._tail = bytearray(rest)
        if self._at_start:
            self._at_start = False
            blocks[0] = blocks[0].removeprefix(_BOM)
        return _events(blocks)

    def _with_plain_line_ends(self, data: bytes) -> bytes:
        """Turn CRLF and CR into LF; a CRLF cut in two is one line end."""
        if self._skips_lf and data:
            data = data.removeprefix(b"\n")
            self._skips_lf = False
        if data.endswith(b"\r"):
            self._skips_lf = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def write_event(data: bytes, *, name: str = "") -> bytes:
    """One event; data of several lines gets several data lines."""
    if b"\n" in data or b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\ndata: ")
    head = f"event: {name}\n".encode() if name else b""
    return b"%sdata: %s\n\n" % (head, data)


def _events(blocks: list[bytes]) -> list[Event]:
    events: list[Event] = []
    for block in blocks:
        if block.startswith(b"data: ") and b"\n" not in block:
            events.append(Event(block[6:]))
            continue
        event = _of_lines(block)
        if event is not None:
            events.append(event)
    return events


def _of_lines(block: bytes) -> Event | None:
    data: list[bytes] = []
    name = b""
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Event(b"\n".join(data), name.decode(errors="replace")) if data else None
