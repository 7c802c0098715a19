"""What the simulated provider says to clients of Anthropic's Messages API, whole or as events.

Written against Anthropic's API reference, not with this package's own dialect,
and as strict as the API where clients and gateways go wrong: a limit must be
given, a result must answer a call, a thinking block must be signed by whoever
wrote it.  Pure: bytes in, bytes out.
"""

import base64
from collections.abc import Iterator, Mapping

import msgspec

from sparingly.upstreams.simulated_reply import Offered, Question, Refused, Reply, groups, reply_to
from sparingly.upstreams.simulated_script import Line
from sparingly.upstreams.simulated_words import digest, tokens

# Chat formats spend a few tokens on every message's frame.
_TOKENS_A_MESSAGE = 3
_WITHOUT_SAMPLING = "2026-10-21"
_CACHED = b'"cache_control"'


class _Block(msgspec.Struct, frozen=True):
    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    id: str = ""
    tool_use_id: str = ""
    content: msgspec.Raw = msgspec.Raw(b'""')


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[_Block]


class _Tool(msgspec.Struct, frozen=True):
    name: str = ""
    input_schema: msgspec.Raw = msgspec.Raw(b'{"type":"object"}')


class _Choice(msgspec.Struct, frozen=True):
    type: str
    name: str = ""


class _Thinking(msgspec.Struct, frozen=True):
    type: str


class _Format(msgspec.Struct, frozen=True):
    type: str
    schema: msgspec.Raw = msgspec.Raw(b'{"type":"object"}')


class _Config(msgspec.Struct, frozen=True):
    format: _Format | None = None


class MessagesRequest(msgspec.Struct, frozen=True):
    """The fields that decide an answer."""

    model: str
    messages: list[_Message]
    max_tokens: int | None = None
    system: str | list[_Block] | None = None
    stream: bool | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    thinking: _Thinking | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    output_config: _Config | None = None
    output_format: _Format | None = None


_read = msgspec.json.Decoder(MessagesRequest)
_encode = msgspec.json.Encoder().encode


def read_request(body: bytes, *, version: str = "", is_counted: bool = False) -> MessagesRequest:
    """Read a request as the API of a version would; one that is only counted needs no limit.

    Raises:
        Refused: it cannot be answered.
    """
    try:
        request = _read.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error
    except msgspec.DecodeError as error:
        raise Refused("The request body is not valid JSON") from error
    if not request.messages:
        raise Refused("messages: at least one message is required")
    if not is_counted and request.max_tokens is None:
        raise Refused("max_tokens: Field required")
    if version == _WITHOUT_SAMPLING:
        for name in ("temperature", "top_p", "top_k"):
            if getattr(request, name) is not None:
                raise Refused(f"{name}: Extra inputs are not permitted")
    _check(request)
    return request


def input_tokens(request: MessagesRequest) -> int:
    """How many tokens a request has."""
    said = [_text(message.content) for message in request.messages]
    if request.system is not None:
        said.append(_text(request.system))
    said += [tool.name + bytes(tool.input_schema).decode() for tool in request.tools or ()]
    return sum(_TOKENS_A_MESSAGE + len(tokens(one)) for one in said)


def message(request: MessagesRequest, body: bytes, *, seed: int, answer_tokens: int) -> dict[str, object]:
    """The answer to a request: the same words as in any other dialect."""
    question = _question(request)
    root = digest(seed, request.model, question.text)
    # As the first draft of a chat completion.
    draft = digest(root, 0)
    reply = reply_to(question, seed=draft, answer_tokens=answer_tokens)
    return {
        "id": f"msg_sim_{root.hex()[:24]}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": list(_blocks(reply, draft)),
        "stop_reason": "tool_use" if reply.calls else "max_tokens" if reply.is_cut else "end_turn",
        "stop_sequence": None,
        "usage": _usage(request, reply, is_marked=_CACHED in body),
    }


def whole(answer: Mapping[str, object]) -> bytes:
    """The body of an answer that is not streamed."""
    return _encode(answer)


def events(answer: Mapping[str, object], *, chunk_tokens: int) -> Iterator[bytes]:
    """The server-sent events of an answer."""
    usage, content = answer["usage"], answer["content"]
    assert isinstance(usage, dict)  # noqa: S101 - made above
    assert isinstance(content, list)  # noqa: S101 - made above
    start = {**answer, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield _event({"type": "message_start", "message": start})
    yield _event({"type": "ping"})
    for index, block in enumerate(content):
        yield from _block_events(index, block, chunk_tokens)
    delta = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
    told = {"output_tokens": usage["output_tokens"]}
    yield _event({"type": "message_delta", "delta": delta, "usage": told})
    yield _event({"type": "message_stop"})


def error(kind: str, text: str) -> bytes:
    """The body of an error."""
    return _encode({"type": "error", "error": {"type": kind, "message": text}})


def _check(request: MessagesRequest) -> None:
    called: set[str] = set()
    for index, said in enumerate(request.messages):
        for place, block in enumerate(said.content if isinstance(said.content, list) else ()):
            where = f"messages.{index}.content.{place}"
            if block.type == "tool_use":
                called.add(block.id)
            if block.type == "tool_result" and block.tool_use_id not in called:
                raise Refused(f"{where}: unexpected `tool_use_id` found in `tool_result` blocks")
            if block.type == "thinking" and block.signature != _signature(block.thinking):
                raise Refused(f"{where}: Invalid `signature` in `thinking` block")
            if block.type == "text" and not block.text:
                raise Refused(f"{where}.text: text content blocks must be non-empty")


def _question(request: MessagesRequest) -> Question:
    form = request.output_format
    if request.output_config is not None and request.output_config.format is not None:
        form = request.output_config.format
    return Question(
        lines=[line for said in request.messages for line in _lines(said)],
        tools=[Offered(tool.name, tool.input_schema) for tool in request.tools or ()],
        must_call=_must_call(request),
        schema=form.schema if form is not None else None,
        limit=request.max_tokens,
        thinks=request.thinking is not None and request.thinking.type == "enabled",
    )


def _lines(said: _Message) -> Iterator[Line]:
    results = [block for block in said.content if isinstance(block, _Block) and block.type == "tool_result"]
    for block in results:
        content: str | list[_Block] = msgspec.json.decode(block.content, type=str | list[_Block])
        yield Line("tool", _text(content))
    words = _text(said.content)
    if words or not results:
        yield Line(said.role, words)


def _must_call(request: MessagesRequest) -> str | None:
    """The tool that must be called; a model that may choose is simulated as choosing words."""
    choice = request.tool_choice
    if choice is None or choice.type not in ("any", "tool"):
        return None
    if not request.tools:
        raise Refused("tool_choice: tools must be provided when tool_choice is given")
    return choice.name if choice.type == "tool" else request.tools[0].name


def _blocks(reply: Reply, seed: bytes) -> Iterator[dict[str, object]]:
    if reply.thinking:
        signature = _signature(reply.thinking)
        yield {"type": "thinking", "thinking": reply.thinking, "signature": signature}
    if reply.text:
        yield {"type": "text", "text": reply.text}
    for place, call in enumerate(reply.calls):
        called = f"toolu_{digest(seed, place).hex()[:24]}"
        given = msgspec.Raw(call.arguments.encode())
        yield {"type": "tool_use", "id": called, "name": call.name, "input": given}


def _signature(thinking: str) -> str:
    return base64.b64encode(digest("signature", thinking)).decode()


def _usage(request: MessagesRequest, reply: Reply, *, is_marked: bool) -> dict[str, object]:
    """The counts; with a mark for the prompt cache, all but the last message comes from it."""
    asked = input_tokens(request)
    fresh = _TOKENS_A_MESSAGE + len(tokens(_text(request.messages[-1].content)))
    read = asked - fresh if is_marked else 0
    return {
        "input_tokens": asked - read,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": read,
        "output_tokens": reply.spent,
        "service_tier": "standard",
    }


def _block_events(index: int, block: dict[str, object], chunk_tokens: int) -> Iterator[bytes]:
    start: dict[str, object]
    deltas: list[dict[str, object]]
    match block:
        case {"type": "text", "text": str(text)}:
            start = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in groups(text, chunk_tokens)]
        case {"type": "thinking", "thinking": str(text)}:
            start = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in groups(text, chunk_tokens)]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        case _:
            start = {**block, "input": {}}
            given = block["input"]
            arguments = bytes(given).decode() if isinstance(given, msgspec.Raw) else "{}"
            pieces = groups(arguments, chunk_tokens) if arguments != "{}" else []
            # As the API has it, the first piece is empty; a call without arguments has no other.
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces)]
    yield _event({"type": "content_block_start", "index": index, "content_block": start})
    for delta in deltas:
        yield _event({"type": "content_block_delta", "index": index, "delta": delta})
    yield _event({"type": "content_block_stop", "index": index})


def _event(event: Mapping[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), _encode(event))


def _text(content: str | list[_Block]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.text for block in content if block.type == "text")
