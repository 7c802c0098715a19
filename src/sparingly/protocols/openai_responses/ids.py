"""The ids that answers carry here, and what can be learned from one.

A client may continue an answer by its id (`previous_response_id`), which only
works at the provider that holds it.  An answer from memory has an id of its own;
behind it stands the provider's, where the question was exactly the same, so
that the conversation can be continued there as if it had just been answered.
No table is needed for that, and it survives a restart.
"""

import re

import msgspec

from sparingly.errors import UnknownAnswer
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_responses import shapes

_PROVIDERS = re.compile(rf"{shapes.OWN_RESPONSE}[^_]*_(.+)", re.DOTALL)
_BENEATH = re.compile(rf"{shapes.PATH}/([^/]+)(?:/.*)?", re.DOTALL)
_BENEATH_OWN = re.compile(rf"({shapes.PATH}/)({shapes.OWN_RESPONSE}[^/]*)(.*)", re.DOTALL)


def response_id(stamp: Stamp, providers: str | None = None) -> str:
    """The id of an answer; `providers` is the id that its provider gave it, where it can be continued."""
    own = shapes.OWN_RESPONSE + stamp.id.replace("_", "")
    return f"{own}_{providers}" if providers and stamp.is_same_question else own


def providers_id(told: str) -> str | None:
    """The id that the provider knows; None where there is no provider that holds the answer."""
    if not told.startswith(shapes.OWN_RESPONSE):
        return told
    match = _PROVIDERS.fullmatch(told)
    return match[1] if match is not None else None


def providers_path(path: str) -> str:
    """The path at the provider: what is asked of an answer of ours is asked of the one behind it.

    Raises:
        UnknownAnswer: there is none behind it.
    """
    match = _BENEATH_OWN.fullmatch(path)
    if match is None:
        return path
    root, told, rest = match.groups()
    held = providers_id(told)
    if held is None:
        raise UnknownAnswer(
            f"no provider holds the answer {told[:64]!r}: this gateway wrote it down or remembered it"
        )
    return root + held + rest


def item_id(kind: str, stamp: Stamp, position: int) -> str:
    """The id of an item of an answer; `kind` is its prefix, such as `msg_`."""
    return f"{kind}{stamp.id.replace('_', '')}{position:02x}"


class _Continuing(msgspec.Struct):
    previous_response_id: str | None = None


def continued_id(body: bytes) -> str | None:
    """The id of the answer that a request goes on with."""
    return msgspec.json.decode(body, type=_Continuing).previous_response_id


def asked_id(path: str) -> str | None:
    """The id of the answer that a path is about; None for any other path."""
    match = _BENEATH.fullmatch(path)
    return None if match is None else match[1]
