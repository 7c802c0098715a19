"""Read a whole Responses answer; nothing in it that is not the request's is lost.

What has no place in an `Answer` is kept under one name, so that no other dialect
takes it for its own: unknown fields, unknown usage, and the provider's id of an
answer that it holds (a client may continue it; see `ids.py`).
"""

from sparingly.core.answer import Answer, Block, Choice
from sparingly.core.chat import Json, ToolCall, canonical_json
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.fields import kept, kind, leftover
from sparingly.protocols.openai_responses import shapes
from sparingly.protocols.openai_responses.ids import providers_id
from sparingly.protocols.openai_responses.items import Item, add_item, without_nulls
from sparingly.protocols.openai_responses.usage import read_usage
from sparingly.protocols.provider_errors import parse, provider_error


def read_answer(body: bytes) -> Answer:
    """Read an answer; raises UpstreamNonsense."""
    response = parse(body)
    output = response.get("output")
    if response.get("status") in ("failed", "cancelled") or not isinstance(output, list):
        said = provider_error(response)
        raise UpstreamNonsense(
            f"the provider sent an error as an answer: {said}"
            if said
            else "the provider's answer has no `output`"
        )
    blocks: list[Block] = []
    rest: dict[str, object] = {}
    for item in output:
        if not isinstance(item, dict):
            raise UpstreamNonsense(f"the provider's answer holds {kind(item)} as an item")
        add_item(item, blocks, rest)
    logprobs = [one for item in output for one in logprobs_of(item)]
    calls = any(isinstance(block, ToolCall) for block in blocks)
    choice = Choice(
        index=0,
        blocks=tuple(blocks),
        finish=finish_of(response, calls=calls),
        logprobs=canonical_json({"content": logprobs}) if logprobs else None,
        message_extra=kept({shapes.NAME: rest}) if rest else None,
    )
    model = response.get("model")
    return Answer(
        model=model if isinstance(model, str) else "",
        choices=(choice,),
        usage=read_usage(response.get("usage"))[0],
        extra=extra_of(response),
    )


def finish_of(response: dict[str, object], *, calls: bool) -> str | None:
    """Why the answer ended; None where it has not."""
    match response.get("status"):
        case "completed":
            return "tool_calls" if calls else "stop"
        case "incomplete":
            return shapes.INCOMPLETE.get(_reason(response), "length")
        case _:
            return None


def extra_of(response: dict[str, object]) -> Json | None:
    """What the answer as a whole has no place for."""
    rest = without_nulls(leftover(response, shapes.ANSWER))
    left_of_usage = read_usage(response.get("usage"))[1]
    if left_of_usage:
        rest["usage"] = left_of_usage
    if response.get("status") == "incomplete" and _reason(response) not in shapes.INCOMPLETE:
        rest["incomplete_details"] = response.get("incomplete_details")
    answer_id = response.get("id")
    if response.get("store") is not False and isinstance(answer_id, str) and providers_id(answer_id):
        rest["id"] = answer_id
    extra: dict[str, object] = {shapes.NAME: rest} if rest else {}
    if response.get("service_tier") is not None:
        extra["service_tier"] = response["service_tier"]
    return kept(extra)


def logprobs_of(item: Item) -> list[object]:
    """The log probabilities in a message's parts."""
    content = item.get("content")
    found: list[object] = []
    for part in content if isinstance(content, list) else ():
        told = part.get("logprobs") if isinstance(part, dict) else None
        found += told if isinstance(told, list) else []
    return found


def _reason(response: dict[str, object]) -> str:
    details = response.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    return reason if isinstance(reason, str) else ""
