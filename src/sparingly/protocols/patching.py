"""Change a few top-level fields of a JSON body and leave everything else as it is.

Nested values are copied as bytes, unread; order is kept.  Where nothing
changes, the very same bytes are returned.
"""

from collections.abc import Mapping

import msgspec

from sparingly.errors import InvalidRequest

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def top_level(raw: bytes) -> dict[str, msgspec.Raw]:
    """The fields of a body, their values unread."""
    try:
        return _fields.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is not a JSON object: {error}") from error


def replaced(raw: bytes, fields: dict[str, msgspec.Raw], changes: Mapping[str, object]) -> bytes:
    """`raw`, whose `fields` are given, with some of them set to other values."""
    news = {name: msgspec.json.encode(value) for name, value in changes.items()}
    if all(name in fields and bytes(fields[name]) == new for name, new in news.items()):
        return raw
    return msgspec.json.encode(fields | {name: msgspec.Raw(new) for name, new in news.items()})
