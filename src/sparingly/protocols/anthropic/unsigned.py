"""Take reasoning out of a request that another house wrote.

Such reasoning has no signature of Anthropic's: `write_answer` gives it an empty
one, or another dialect's own.  It comes back with the conversation, and where
routing has gone on to Anthropic's API by then, that would refuse the request.

All other bytes stay as they are, and so does every request without such a block.
"""

import re
from collections.abc import Mapping

import msgspec

from sparingly.errors import InvalidRequest
from sparingly.protocols.anthropic import shapes
from sparingly.protocols.foreign import signer

# The cheap question first: most bodies hold neither, and none but these are read.
_SUSPECT = re.compile(rb'"signature"\s*:\s*"(?:"|openai)')


class _Block(msgspec.Struct):
    type: str = ""
    signature: str | None = None


class _Message(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw(b"null")


def is_any_unsigned(raw: bytes) -> bool:
    """Whether a body may hold such a block."""
    return _SUSPECT.search(raw) is not None


def without_unsigned(fields: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    """The messages of a body without such blocks; nothing where there are none."""
    try:
        messages = msgspec.json.decode(fields.get("messages", b"[]"), type=list[msgspec.Raw])
        return {"messages": [_message(message) for message in messages]}
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the body is not understood: {error}", field="messages") from error


def _message(raw: msgspec.Raw) -> object:
    content = bytes(msgspec.json.decode(raw, type=_Message).content)
    if not content.lstrip().startswith(b"["):
        return raw
    blocks = msgspec.json.decode(content, type=list[msgspec.Raw])
    kept = [block for block in blocks if not _is_unsigned(msgspec.json.decode(block, type=_Block))]
    if len(kept) == len(blocks):
        return raw
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    return fields | {"content": kept}


def _is_unsigned(block: _Block) -> bool:
    if block.type != "thinking":
        return False
    return not block.signature or signer(block.signature) not in {None, shapes.NAME}
