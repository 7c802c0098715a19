"""Compare plain values with the structs they are to become, and report every difference.

msgspec stops at the first mismatch and knows no nearest key, so this walks its
type description instead; what passes here, msgspec converts.
"""

from collections.abc import Iterator
from difflib import get_close_matches

import msgspec.inspect as kinds

from sparingly.config.problems import Problem, joined
from sparingly.config.secret_words import is_secret_name, looks_like_key, shown


def shape_problems(value: object, kind: kinds.Type, path: str = "") -> Iterator[Problem]:
    """Every place where `value` is not of the type `kind`."""
    match kind:
        case kinds.UnionType():
            # The settings have no other unions than "or nothing".
            if value is not None:
                (inner,) = (one for one in kind.types if not isinstance(one, kinds.NoneType))
                yield from shape_problems(value, inner, path)
        case kinds.StructType() if isinstance(value, dict):
            yield from _struct(value, kind, path)
        case kinds.DictType() if isinstance(value, dict):
            yield from _dict(value, kind, path)
        case kinds.VarTupleType() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from shape_problems(item, kind.item_type, joined(path, index))
        case kinds.LiteralType():
            yield from _literal(value, kind, path)
        case _:
            yield from _scalar(value, kind, path)


def _struct(value: dict[object, object], kind: kinds.StructType, path: str) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in kind.fields}
    for key, item in value.items():
        here = joined(path, str(key))
        if key in fields:
            yield from shape_problems(item, fields[str(key)].type, here)
        elif is_secret_name(str(key)):
            yield Problem(here, f"a secret does not belong in the config; {_variable_hint(list(fields))}")
        else:
            yield Problem(here, f"unknown key; {_nearest(str(key), list(fields))}")
    for name, field in fields.items():
        if field.required and name not in value:
            yield Problem(joined(path, name), f"missing; expected {_expected(field.type)}")


def _dict(value: dict[object, object], kind: kinds.DictType, path: str) -> Iterator[Problem]:
    for key, item in value.items():
        here = joined(path, str(key))
        if not isinstance(key, str):
            yield Problem(here, f"a name must be text, got {shown(key)}; put it in quotes")
        elif not key.strip():
            yield Problem(here, "a name must not be empty")
        yield from shape_problems(item, kind.value_type, here)


def _literal(value: object, kind: kinds.LiteralType, path: str) -> Iterator[Problem]:
    if value in kind.values and not isinstance(value, bool):
        return
    words = [str(word) for word in kind.values]
    close = get_close_matches(value, words, n=1) if isinstance(value, str) else []
    hint = f'; did you mean "{close[0]}"?' if close else ""
    yield Problem(path, f"expected {_expected(kind)}, got {shown(value)}{hint}")


def _scalar(value: object, kind: kinds.Type, path: str) -> Iterator[Problem]:
    if isinstance(value, str) and looks_like_key(value):
        yield Problem(path, f"this looks like a key; {_variable_hint([])}")
    elif not _fits(value, kind):
        yield Problem(path, f"expected {_expected(kind)}, got {shown(value)}")


def _fits(value: object, kind: kinds.Type) -> bool:
    # A bool is an int in Python and never one in a config.
    match kind:
        case kinds.BoolType():
            return isinstance(value, bool)
        case kinds.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case kinds.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case kinds.StrType():
            return isinstance(value, str)
        case _:
            # Structs, mappings and lists come here only with a value that is none.
            return False


def _expected(kind: kinds.Type) -> str:
    match kind:
        case kinds.LiteralType():
            return "one of " + ", ".join(str(word) for word in kind.values)
        case kinds.BoolType():
            return "true or false"
        case kinds.IntType():
            return "a whole number"
        case kinds.FloatType():
            return "a number"
        case kinds.StrType():
            return "text"
        case kinds.VarTupleType():
            return "a list"
        case kinds.UnionType():
            return _expected(next(one for one in kind.types if not isinstance(one, kinds.NoneType)))
        case _:
            return "a mapping"


def _nearest(key: str, names: list[str]) -> str:
    close = get_close_matches(key, names, n=1)
    return f'did you mean "{close[0]}"?' if close else f"known here: {', '.join(names)}"


def _variable_hint(names: list[str]) -> str:
    fields = [name for name in names if name.endswith("_env")] or ["key_env"]
    return f"put it into an environment variable and name that with {' or '.join(fields)}"
