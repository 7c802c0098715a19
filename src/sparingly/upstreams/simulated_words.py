"""Words, JSON values and vectors that look like a model's, made from a hash and nothing else.

Equal arguments give equal results on every machine and run, so a demo, a test
or a benchmark can be repeated to the byte.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

# 64 words, so that one byte's low six bits choose one.
_TEXT = (
    "the a one each most other this that which some account answer batch cache case change check client "
    "cost day detail entry error field file form group hour item key level line list model name number "
    "order page part path plan point price question rate reason record report request result route rule "
    "sample section server step table term test time token total type use"
)
_WORDS = tuple(_TEXT.split())

_TOKEN = re.compile(r"\s*\S+\s*$|\s*\S+|\s+$")

# A schema may refer to itself; nobody nests answers deeper than this.
_MAX_DEPTH = 8


def digest(*parts: str | bytes | int) -> bytes:
    """A hash in which the parts cannot run into each other."""
    sha = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        sha.update(len(raw).to_bytes(8, "big") + raw)
    return sha.digest()


def share(seed: bytes, purpose: str) -> float:
    """A number from 0 up to 1, evenly spread over seeds; different purposes are independent."""
    return int.from_bytes(digest(seed, purpose)[:7], "big") / 256**7


def sentence(seed: bytes, words: int) -> str:
    """So many words, with a capital and a full stop."""
    picks = hashlib.shake_256(seed).digest(max(1, words))
    text = " ".join(_WORDS[pick % 64] for pick in picks)
    return text[0].upper() + text[1:] + "."


def tokens(text: str) -> list[str]:
    """The text in pieces of a word each, which joined give the text: what is counted and streamed."""
    return _TOKEN.findall(text)


def value_of(schema: JsonValue, seed: bytes, *, root: JsonValue = None, depth: int = 0) -> JsonValue:
    """A value that fits a JSON schema as far as structured outputs use it; anything else becomes a word."""
    root = schema if root is None else root
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return None if depth > _MAX_DEPTH else _word(seed)
    if isinstance(target := schema.get("$ref"), str):
        return value_of(_referred(root, target), seed, root=root, depth=depth + 1)
    if "const" in schema:
        return schema["const"]
    for choices in (schema.get("enum"), schema.get("anyOf"), schema.get("oneOf")):
        if isinstance(choices, Sequence) and not isinstance(choices, str) and choices:
            pick = choices[seed[0] % len(choices)]
            return pick if "enum" in schema else value_of(pick, seed, root=root, depth=depth + 1)
    return _value_of_type(schema, seed, root, depth)


def vector(text: str, dimensions: int) -> list[float]:
    """A unit vector; equal texts give equal ones, and that is all they mean."""
    raw = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    # The half keeps every entry, and so the length, off zero.
    entries = [int.from_bytes(raw[i : i + 2], "big") - 32767.5 for i in range(0, len(raw), 2)]
    length = math.sqrt(sum(entry * entry for entry in entries))
    return [entry / length for entry in entries]


def _value_of_type(schema: Mapping[str, JsonValue], seed: bytes, root: JsonValue, depth: int) -> JsonValue:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = kind[0] if kind else "null"
    match kind:
        case "object":
            fields = schema.get("properties")
            return {
                name: value_of(field, digest(seed, name), root=root, depth=depth + 1)
                for name, field in (fields.items() if isinstance(fields, Mapping) else ())
            }
        case "array":
            return [value_of(schema.get("items", {}), digest(seed, 0), root=root, depth=depth + 1)]
        case "integer":
            return seed[0]
        case "number":
            return seed[0] / 4
        case "boolean":
            return seed[0] % 2 == 0
        case "null":
            return None
        case _:
            return _word(seed)


def _referred(root: JsonValue, target: str) -> JsonValue:
    for name in target.removeprefix("#").strip("/").split("/"):
        root = root.get(name) if name and isinstance(root, Mapping) else root
    return root


def _word(seed: bytes) -> str:
    return _WORDS[seed[0] % 64]
