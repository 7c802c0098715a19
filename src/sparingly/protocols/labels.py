"""Read what a caller writes beside a request: `metadata`, which every dialect here has at the top.

OpenAI's is a mapping of texts, Anthropic's holds a `user_id`.  It never changes an
answer, so it is no part of an `Ask`; routes and conversations may go by it.
"""

import msgspec


class _Labelled(msgspec.Struct):
    metadata: object = None


_labelled = msgspec.json.Decoder(_Labelled)


def metadata_of(body: bytes) -> dict[str, str]:
    """The texts in `metadata`; empty where there are none."""
    if b'"metadata"' not in body:
        return {}
    try:
        found = _labelled.decode(body).metadata
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Whoever reads the request says what is wrong with it.
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): value for key, value in found.items() if isinstance(value, str)}
