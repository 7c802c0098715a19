"""Read LiteLLM's standard logging payloads, one JSON object a line.

The client's request is put together again from `model_group` (the name it
asked for), `messages` and `model_parameters`.  Payloads are written when a call
ends, so they are sorted by `startTime`.  Calls that are no chat completions
are left out and counted; payloads whose texts were redacted are refused, since
every request would then equal every other.

Format: https://docs.litellm.ai/docs/proxy/logging_spec (read in 2026).
"""

from pathlib import Path
from typing import Annotated

import msgspec

from sparingly.core.chat import Tenant
from sparingly.errors import LogError
from sparingly.replay.lines import decoded, numbered_lines
from sparingly.replay.logged import DEFAULT_TENANT, Logged

# What LiteLLM puts in the place of every message when `turn_off_message_logging` is set.
_REDACTED = b"redacted-by-litellm"
_CHAT_CALLS = frozenset({"completion", "acompletion"})


class _Metadata(msgspec.Struct):
    user_api_key_team_id: str | None = None
    user_api_key_hash: str | None = None


class _Payload(msgspec.Struct, rename={"started": "startTime"}):
    id: Annotated[str, msgspec.Meta(min_length=1)]
    call_type: str
    started: Annotated[float, msgspec.Meta(ge=0.0)]
    model: str
    messages: msgspec.Raw = msgspec.Raw(b"null")
    status: str = "success"
    model_group: str | None = None
    model_parameters: dict[str, msgspec.Raw] | None = None
    metadata: _Metadata | None = None
    response: msgspec.Raw = msgspec.Raw()
    response_cost: float | None = None
    response_time: float | None = None


_decoder = msgspec.json.Decoder(_Payload)


def read(path: Path) -> tuple[list[tuple[int, Logged]], int]:
    """The chat completions in order of their start, and how many other calls were left out.

    Raises:
        LogError: a line is wrong, or its texts were redacted.
    """
    found: list[tuple[int, Logged]] = []
    left_out = 0
    for number, text in numbered_lines(path):
        payload = decoded(text, _decoder, place=f"{path}:{number}")
        if payload.call_type in _CHAT_CALLS:
            found.append((number, _logged(payload, place=f"{path}:{number}")))
        else:
            left_out += 1
    found.sort(key=lambda one: one[1].time)
    return found, left_out


def _logged(payload: _Payload, *, place: str) -> Logged:
    messages = bytes(payload.messages)
    if not messages.startswith(b"["):
        raise LogError(f"{place}: `messages` must be an array")
    if _REDACTED in messages:
        raise LogError(f"{place}: the messages were redacted when they were logged; nothing can be replayed")

    model = msgspec.Raw(msgspec.json.encode(payload.model_group or payload.model))
    fields = {**(payload.model_parameters or {}), "model": model, "messages": payload.messages}
    answer = bytes(payload.response)
    is_answer = payload.status == "success" and answer.startswith(b"{")
    return Logged(
        id=payload.id,
        time=payload.started,
        tenant=_tenant(payload.metadata),
        request=msgspec.json.encode(fields),
        response=answer if is_answer else None,
        latency_s=payload.response_time,
        cost_usd=payload.response_cost if is_answer else None,
    )


def _tenant(metadata: _Metadata | None) -> Tenant:
    """The team where there is one: LiteLLM's keys of one team belong together."""
    if metadata is None:
        return DEFAULT_TENANT
    return Tenant(metadata.user_api_key_team_id or metadata.user_api_key_hash or DEFAULT_TENANT)
