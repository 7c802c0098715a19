"""Read the JSON of a request strictly, and name the field that is wrong.

Whole bodies are decoded to plain values in one pass, not to typed structs with
opaque stretches left unread: every byte is then known to be good UTF-8 and good
JSON (msgspec skips both checks in what it leaves unread), and opaque fields
must be decoded for their canonical form anyway.  100 KB take about 0.25 ms.

Paths of fields are built only once something is wrong.
"""

from collections.abc import Mapping

import msgspec

from sparingly.core.chat import Json, canonical_json
from sparingly.errors import InvalidRequest

_decoder = msgspec.json.Decoder()


def parse_object(body: bytes) -> dict[str, object]:
    """The JSON object that a request body is; raises InvalidRequest."""
    try:
        value = _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8: {_bad_byte(body)}") from error
    except msgspec.DecodeError as error:
        # msgspec gives the byte, except where the text just ends.
        said = str(error).removeprefix("JSON is malformed: ")
        where = f"it ends too early, after {len(body)} bytes" if "truncated" in said else said
        raise InvalidRequest(f"the body is not valid JSON: {where}") from error
    except RecursionError as error:
        raise InvalidRequest("the body is nested too deeply") from error
    if not isinstance(value, dict):
        raise InvalidRequest(f"the body must be a JSON object, not {kind(value)}")
    return value


def wrong(field: str, must_be: str, value: object) -> InvalidRequest:
    """The error for a value of the wrong kind."""
    return InvalidRequest(f"`{field}` must be {must_be}, not {kind(value)}", field=field)


def missing(field: str) -> InvalidRequest:
    """The error for a field that must be there."""
    return InvalidRequest(f"`{field}` is missing", field=field)


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return f"the number {value}" if abs(value) < 1e15 else "a very large number"
        case str():
            return "text" if value else "empty text"
        case list():
            return "a list"
        case _:
            return "an object"


def text(fields: Mapping[str, object], name: str, path: str = "") -> str:
    """A field that must be text."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise missing(path + name) if value is None else wrong(path + name, "text", value)


def optional_text(fields: Mapping[str, object], name: str, path: str = "") -> str | None:
    """A field that is text, null or absent."""
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise wrong(path + name, "text", value)


def optional_bool(fields: Mapping[str, object], name: str) -> bool | None:
    """A field that is a boolean, null or absent."""
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise wrong(name, "true or false", value)


def optional_int(fields: Mapping[str, object], name: str, *, least: int, most: int) -> int | None:
    """A field that is a whole number within bounds, null or absent."""
    value = fields.get(name)
    if value is None:
        return None
    # `True` is an int to Python, not to JSON.
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise wrong(name, f"a whole number from {least} to {most}", value)
    return value


def optional_number(fields: Mapping[str, object], name: str, *, least: float, most: float) -> float | None:
    """A field that is a number within bounds, null or absent."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise wrong(name, f"a number from {least:g} to {most:g}", value)
    return float(value)


def objects(value: object, path: str) -> list[dict[str, object]]:
    """A list whose items are all objects."""
    if not isinstance(value, list):
        raise wrong(path, "a list", value)
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong(f"{path}.{index}", "an object", item)
    return value


def an_object(fields: Mapping[str, object], name: str, path: str = "") -> dict[str, object]:
    """A field that must be an object."""
    value = fields.get(name)
    if isinstance(value, dict):
        return value
    raise missing(path + name) if value is None else wrong(path + name, "an object", value)


def leftover(fields: Mapping[str, object], known: frozenset[str]) -> dict[str, object]:
    """The fields that nobody knows; empty for most."""
    if known.issuperset(fields):
        return {}
    return {name: value for name, value in fields.items() if name not in known}


def kept(fields: Mapping[str, object]) -> Json | None:
    """Unknown fields as they are kept; None when there are none."""
    return canonical_json(fields) if fields else None


def opened(extra: Json | msgspec.Raw | None) -> dict[str, msgspec.Raw]:
    """The fields in an `extra`, or in one of its fields, ready to be written."""
    return {} if extra is None else msgspec.json.decode(extra, type=dict[str, msgspec.Raw])


def _bad_byte(body: bytes) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"{error.reason} at byte {error.start}"
    return "in a name or a text"
