"""What the simulated provider says to clients of OpenAI's Responses API, whole or as events.

Written against OpenAI's API reference, not with this package's own dialect, and
as strict as the API where clients and gateways go wrong: an output must answer a
call, an item that is sent back by its id must be held here or bring its encrypted
content, a limit must be 16 or more.  It holds the answers that it gave, in the
sense that it knows their ids by their look.  Pure: bytes in, bytes out.
"""

from collections.abc import Iterator, Mapping

import msgspec

from sparingly.upstreams.simulated_chat import CREATED
from sparingly.upstreams.simulated_reply import Offered, Question, Refused, Reply, groups, reply_to
from sparingly.upstreams.simulated_script import Line
from sparingly.upstreams.simulated_words import digest, tokens

_HELD = "resp_sim_"
_ENCRYPTED = "reasoning.encrypted_content"
_LEAST_LIMIT = 16

# Chat formats spend a few tokens on every message's frame.
_TOKENS_A_MESSAGE = 3

_Fields = dict[str, object]


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str = ""
    refusal: str = ""


class _Item(msgspec.Struct, frozen=True):
    type: str = "message"
    role: str = ""
    content: str | list[_Part] | None = None
    id: str | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[_Part] = ""
    encrypted_content: str | None = None


class _Tool(msgspec.Struct, frozen=True):
    type: str
    name: str = ""
    parameters: msgspec.Raw = msgspec.Raw(b'{"type":"object"}')


class _Choice(msgspec.Struct, frozen=True):
    type: str
    name: str = ""


class _Format(msgspec.Struct, frozen=True):
    type: str = "text"
    schema: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Text(msgspec.Struct, frozen=True):
    format: _Format = _Format()


class _Reasoning(msgspec.Struct, frozen=True):
    effort: str | None = None


class ResponsesRequest(msgspec.Struct, frozen=True):
    """The fields that decide an answer."""

    model: str
    input: str | list[_Item] = ""
    instructions: str | None = None
    previous_response_id: str | None = None
    max_output_tokens: int | None = None
    stream: bool | None = None
    store: bool | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Choice | None = None
    text: _Text | None = None
    reasoning: _Reasoning | None = None
    include: list[str] | None = None
    parallel_tool_calls: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    metadata: dict[str, str] | None = None

    @property
    def items(self) -> list[_Item]:
        """The input as items."""
        return [_Item(role="user", content=self.input)] if isinstance(self.input, str) else self.input


_read = msgspec.json.Decoder(ResponsesRequest)
_encode = msgspec.json.Encoder().encode


def read_request(body: bytes) -> ResponsesRequest:
    """Read a request as the API would.

    Raises:
        Refused: it cannot be answered.
    """
    try:
        request = _read.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error
    except msgspec.DecodeError as error:
        raise Refused("We could not parse the JSON body of your request.") from error
    previous = request.previous_response_id
    if not request.items and previous is None:
        raise Refused("One of 'input' or 'previous_response_id' must be provided.")
    if previous is not None and not previous.startswith(_HELD):
        raise Refused(f"Previous response with id '{previous}' not found.", param="previous_response_id")
    if request.max_output_tokens is not None and request.max_output_tokens < _LEAST_LIMIT:
        raise Refused(
            f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {_LEAST_LIMIT}, "
            f"but got {request.max_output_tokens} instead.",
            param="max_output_tokens",
        )
    _check(request)
    return request


def response(request: ResponsesRequest, *, seed: int, answer_tokens: int) -> _Fields:
    """The answer to a request: the same words as in any other dialect."""
    question = _question(request)
    root = digest(seed, request.model, question.text)
    # As the first draft of a chat completion.
    draft = digest(root, 0)
    reply = reply_to(question, seed=draft, answer_tokens=answer_tokens)
    asked = sum(_TOKENS_A_MESSAGE + len(tokens(line.text)) for line in question.lines)
    return {
        "id": f"{_HELD}{root.hex()[:24]}",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if reply.is_cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if reply.is_cut else None,
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "model": request.model,
        "output": list(_output(request, reply, draft)),
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "store": request.store is not False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "tool_choice": request.tool_choice or "auto",
        "tools": request.tools or [],
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "truncation": "disabled",
        "metadata": request.metadata or {},
        "service_tier": "default",
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": reply.spent,
            "output_tokens_details": {"reasoning_tokens": len(tokens(reply.thinking))},
            "total_tokens": asked + reply.spent,
        },
    }


def whole(answer: Mapping[str, object]) -> bytes:
    """The body of an answer that is not streamed."""
    return _encode(answer)


def events(answer: _Fields, *, chunk_tokens: int) -> Iterator[bytes]:
    """The server-sent events of an answer."""
    first = {**answer, "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    told: list[tuple[str, _Fields]] = [
        ("response.created", {"response": first}),
        ("response.in_progress", {"response": first}),
    ]
    output = answer["output"]
    for index, item in enumerate(output if isinstance(output, list) else ()):
        told += _item_events(index, item, chunk_tokens)
    told.append((f"response.{answer['status']}", {"response": answer}))
    for number, (kind, fields) in enumerate(told):
        data = _encode({"type": kind, "sequence_number": number, **fields})
        yield b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def _check(request: ResponsesRequest) -> None:
    called: set[str] = set()
    for index, item in enumerate(request.items):
        if item.type == "function_call":
            called.add(item.call_id)
        is_answered = item.call_id in called or request.previous_response_id is not None
        if item.type == "function_call_output" and not is_answered:
            raise Refused(
                f"No tool call found for function call output with call_id {item.call_id}.", param="input"
            )
        if item.type == "reasoning":
            held = (item.id or "").startswith("rs_sim_") and item.encrypted_content is None
            if not held and item.encrypted_content != _sealed(item.id or ""):
                raise Refused(
                    f"Item with id '{item.id}' not found. Items are not persisted when `store` is set to false.",
                    param=f"input.{index}",
                )


def _question(request: ResponsesRequest) -> Question:
    form = request.text.format if request.text is not None else _Format()
    effort = request.reasoning.effort if request.reasoning is not None else None
    return Question(
        lines=_lines(request.items),
        tools=[
            Offered(tool.name, tool.parameters) for tool in request.tools or () if tool.type == "function"
        ],
        must_call=_must_call(request),
        schema=form.schema if isinstance(form.schema, msgspec.Raw) else None,
        is_json=form.type == "json_object",
        limit=request.max_output_tokens,
        thinks=effort not in (None, "none"),
    )


def _lines(items: list[_Item]) -> list[Line]:
    """The conversation; what a model says in several items is one line."""
    lines: list[Line] = []
    for item in items:
        match item.type, item.role:
            case "message", "user":
                lines.append(Line("user", _text(item.content)))
            case "function_call_output", _:
                lines.append(Line("tool", _text(item.output)))
            case ("message", "assistant") | ("function_call", _):
                said = _text(item.content)
                if lines and lines[-1].role == "assistant":
                    said = lines.pop().text + said
                lines.append(Line("assistant", said))
            case _:
                continue
    return lines


def _must_call(request: ResponsesRequest) -> str | None:
    """The tool that must be called; a model that may choose is simulated as choosing words."""
    if isinstance(request.tool_choice, _Choice):
        return request.tool_choice.name
    if request.tool_choice == "required":
        if not request.tools:
            raise Refused(
                "Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice"
            )
        return request.tools[0].name
    return None


def _output(request: ResponsesRequest, reply: Reply, seed: bytes) -> Iterator[_Fields]:
    name = seed.hex()[:24]
    if reply.thinking:
        reasoning: _Fields = {
            "id": f"rs_sim_{name}",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": reply.thinking}],
        }
        if _ENCRYPTED in (request.include or ()):
            reasoning["encrypted_content"] = _sealed(f"rs_sim_{name}")
        yield reasoning
    if reply.text is not None:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        status = "incomplete" if reply.is_cut else "completed"
        message: _Fields = {"id": f"msg_sim_{name}", "type": "message", "status": status, "role": "assistant"}
        yield message | {"content": [part]}
    for place, call in enumerate(reply.calls):
        called = digest(seed, place).hex()[:24]
        yield {
            "id": f"fc_sim_{called}",
            "type": "function_call",
            "status": "completed",
            "call_id": f"call_{called}",
            "name": call.name,
            "arguments": call.arguments,
        }


def _sealed(item_id: str) -> str:
    """What only this provider can read."""
    return digest("sealed", item_id).hex()


def _item_events(index: int, item: _Fields, chunk_tokens: int) -> Iterator[tuple[str, _Fields]]:
    here: _Fields = {"output_index": index}
    at = here | {"item_id": item["id"]}
    match item:
        case {"type": "reasoning", "summary": [{"text": str(text)}]}:
            yield _added(here, item | {"summary": []})
            part: _Fields = {"type": "summary_text"}
            yield from _filled(at | {"summary_index": 0}, part, groups(text, chunk_tokens))
        case {"type": "message", "content": [{"text": str(text)}]}:
            yield _added(here, item | {"content": [], "status": "in_progress"})
            part = {"type": "output_text", "annotations": [], "logprobs": []}
            yield from _filled(at | {"content_index": 0}, part, groups(text, chunk_tokens))
        case {"type": "function_call", "arguments": str(text)}:
            yield _added(here, item | {"arguments": "", "status": "in_progress"})
            for piece in groups(text, chunk_tokens):
                yield "response.function_call_arguments.delta", at | {"delta": piece}
            yield "response.function_call_arguments.done", at | {"arguments": text}
        case _:
            yield _added(here, item)
    yield "response.output_item.done", here | {"item": item}


def _added(here: _Fields, item: _Fields) -> tuple[str, _Fields]:
    return "response.output_item.added", here | {"item": item}


def _filled(at: _Fields, part: _Fields, pieces: list[str]) -> Iterator[tuple[str, _Fields]]:
    """The events of a part that holds words."""
    is_text, text = part["type"] == "output_text", "".join(pieces)
    of_part, of_text = _OF_TEXT if is_text else _OF_SUMMARY
    more: _Fields = {"logprobs": []} if is_text else {}
    yield f"{of_part}.added", at | {"part": part | {"text": ""}}
    for piece in pieces:
        yield f"{of_text}.delta", at | more | {"delta": piece}
    yield f"{of_text}.done", at | more | {"text": text}
    yield f"{of_part}.done", at | {"part": part | {"text": text}}


_OF_TEXT = ("response.content_part", "response.output_text")
_OF_SUMMARY = ("response.reasoning_summary_part", "response.reasoning_summary_text")


def _text(content: str | list[_Part] | None) -> str:
    if isinstance(content, list):
        return "\n".join(part.text for part in content)
    return content or ""
