"""Read what a provider says went wrong, in any of the dialects.

OpenAI and Anthropic both put an object with a `message` under `error`;
compatible servers also send plain text there, or `message` or `detail` at the
top.
"""

import msgspec

from sparingly.errors import UpstreamNonsense

# Enough for a reason; providers have been seen to send whole HTML pages.
_MOST_CHARS = 500


def parse(body: bytes) -> dict[str, object]:
    """The JSON object that an answer or an event is; raises UpstreamNonsense."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamNonsense(f"the provider's answer is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UpstreamNonsense("the provider's answer is not a JSON object")
    return value


def error_message(body: bytes) -> str:
    """The provider's own words in the body of an error; never raises."""
    try:
        said = provider_error(parse(body))
    except UpstreamNonsense:
        said = body.decode(errors="replace").strip()[:_MOST_CHARS]
    return said or "the provider gave no reason"


def provider_error(fields: dict[str, object]) -> str:
    """The message of an error; empty where there is none."""
    error = fields.get("error")
    candidates = (
        [error.get("message"), error.get("type"), error.get("code")] if isinstance(error, dict) else [error]
    )
    candidates += [fields.get("message"), fields.get("detail")]
    said = next((text for text in candidates if isinstance(text, str) and text), "")
    return said[:_MOST_CHARS]
