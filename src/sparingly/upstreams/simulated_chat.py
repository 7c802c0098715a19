"""What the simulated provider says: OpenAI chat completions made from a request, whole or as events.

Written against OpenAI's API reference, not with this package's own dialect: a
provider that shared our mistakes could not show them.  Pure: bytes in, bytes
out; pace and faults are `simulated.py`'s work.
"""

from collections.abc import Iterator, Mapping

import msgspec

from sparingly.upstreams.simulated_reply import Offered, Question, Refused, groups, reply_to
from sparingly.upstreams.simulated_script import Line
from sparingly.upstreams.simulated_words import digest, tokens

# 2026-01-01: the same in every run, and plainly no real time.
CREATED = 1_767_225_600

# Chat formats spend a few tokens on every message's frame.
_TOKENS_A_MESSAGE = 3


class _Part(msgspec.Struct, frozen=True):
    type: str = "text"
    text: str = ""


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[_Part] | None = None


class _Function(msgspec.Struct, frozen=True):
    name: str = ""
    parameters: msgspec.Raw = msgspec.Raw(b'{"type":"object"}')


class _Tool(msgspec.Struct, frozen=True):
    function: _Function = _Function()


class _Schema(msgspec.Struct, frozen=True):
    schema: msgspec.Raw = msgspec.Raw(b'{"type":"object"}')


class _Format(msgspec.Struct, frozen=True):
    type: str = "text"
    json_schema: _Schema | None = None


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool = False


class ChatRequest(msgspec.Struct, frozen=True):
    """The fields that decide an answer."""

    model: str
    messages: list[_Message]
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    response_format: _Format | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Tool | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with its token counts."""
        return self.stream_options is not None and self.stream_options.include_usage


class _CalledFunction(msgspec.Struct):
    name: str
    arguments: str


class _Call(msgspec.Struct):
    id: str
    function: _CalledFunction
    type: str = "function"


class _Said(msgspec.Struct):
    content: str | None
    role: str = "assistant"
    refusal: str | None = None
    reasoning_content: str | msgspec.UnsetType | None = msgspec.UNSET
    tool_calls: list[_Call] | msgspec.UnsetType | None = msgspec.UNSET


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None
    index: int = 0
    logprobs: msgspec.Raw = msgspec.Raw(b"null")


class Usage(msgspec.Struct):
    """Token counts, in the wire's words."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(msgspec.Struct):
    """A whole answer."""

    id: str
    model: str
    choices: list[_Choice]
    usage: Usage | None = None
    created: int = CREATED
    object: str = "chat.completion"


_read = msgspec.json.Decoder(ChatRequest)
_encode = msgspec.json.Encoder()


def read_request(body: bytes) -> ChatRequest:
    """Read a request as a provider would: unknown fields are its own affair.

    Raises:
        Refused: it cannot be answered.
    """
    try:
        request = _read.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error
    except msgspec.DecodeError as error:
        raise Refused("We could not parse the JSON body of your request.") from error
    if not request.messages:
        raise Refused("[] is too short - 'messages'", param="messages")
    for name in ("n", "max_tokens", "max_completion_tokens"):
        if (number := getattr(request, name)) is not None and number < 1:
            raise Refused(f"Invalid value for '{name}': expected a value >= 1, got {number}.", param=name)
    return request


def completion(request: ChatRequest, *, seed: int, answer_tokens: int) -> Completion:
    """The answer to a request: the same for the same seed, model and last user text."""
    question = _question(request)
    root = digest(seed, request.model, question.text)
    choices: list[_Choice] = []
    spent = 0
    for index in range(request.n or 1):
        choice, count = _choice(question, digest(root, index), index, answer_tokens)
        choices.append(choice)
        spent += count
    asked = sum(_TOKENS_A_MESSAGE + len(tokens(_text(message))) for message in request.messages)
    return Completion(
        id=f"chatcmpl-sim-{root.hex()[:24]}",
        model=request.model,
        choices=choices,
        usage=Usage(prompt_tokens=asked, completion_tokens=spent, total_tokens=asked + spent),
    )


def recorded(response: bytes, *, model: str) -> Completion | None:
    """A logged answer, to be streamed as `model`'s; None where it is no chat completion."""
    try:
        answer = msgspec.json.decode(response, type=Completion)
    except msgspec.DecodeError:
        return None
    answer.model = model
    return answer


def relabeled(response: bytes, *, model: str) -> bytes:
    """A logged answer as `model` would have given it, with every field it had."""
    fields = msgspec.json.decode(response, type=dict[str, msgspec.Raw])
    return _encode.encode({**fields, "model": model})


def whole(answer: Completion) -> bytes:
    """The body of an answer that is not streamed."""
    return _encode.encode(answer)


def events(answer: Completion, *, chunk_tokens: int, wants_usage: bool) -> Iterator[bytes]:
    """The server-sent events of an answer, the terminator included."""
    for choice in answer.choices:
        for delta in _deltas(choice.message, chunk_tokens):
            said: dict[str, object] = {"index": choice.index, "delta": delta, "finish_reason": None}
            yield _event(answer, [said], wants_usage=wants_usage)
        last: dict[str, object] = {"index": choice.index, "delta": {}, "finish_reason": choice.finish_reason}
        yield _event(answer, [last], wants_usage=wants_usage)
    if wants_usage:
        yield _event(answer, [], wants_usage=True, usage=answer.usage)
    yield b"data: [DONE]\n\n"


def _question(request: ChatRequest) -> Question:
    """What is asked, in the words of all dialects."""
    wanted = request.response_format
    strict = wanted.json_schema.schema if wanted is not None and wanted.json_schema is not None else None
    return Question(
        lines=[Line(message.role, _text(message)) for message in request.messages],
        tools=[Offered(tool.function.name, tool.function.parameters) for tool in request.tools or ()],
        must_call=_must_call(request),
        schema=strict,
        is_json=wanted is not None and wanted.type != "text",
        limit=request.max_completion_tokens or request.max_tokens,
    )


def _choice(question: Question, seed: bytes, index: int, answer_tokens: int) -> tuple[_Choice, int]:
    """One draft and how many tokens it took."""
    reply = reply_to(question, seed=seed, answer_tokens=answer_tokens)
    said = _Said(content=reply.text)
    if reply.thinking:
        said.reasoning_content = reply.thinking
    if reply.calls:
        said.tool_calls = [
            _Call(
                id=f"call_{digest(seed, place).hex()[:24]}", function=_CalledFunction(one.name, one.arguments)
            )
            for place, one in enumerate(reply.calls)
        ]
    finish = "tool_calls" if reply.calls else "length" if reply.is_cut else "stop"
    return _Choice(said, finish, index), reply.spent


def _must_call(request: ChatRequest) -> str | None:
    """The function that must be called; a model that may choose is simulated as choosing words."""
    if isinstance(request.tool_choice, _Tool):
        return request.tool_choice.function.name
    if request.tool_choice == "required":
        if not request.tools:
            raise Refused("'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        return request.tools[0].function.name
    return None


def _deltas(said: _Said, chunk_tokens: int) -> Iterator[Mapping[str, object]]:
    """A message in parts, as they follow each other in a stream."""
    yield {"role": said.role, "content": None if said.content is None else "", "refusal": None}
    for text in groups(said.reasoning_content or "", chunk_tokens):
        yield {"reasoning_content": text}
    for text in groups(said.content or "", chunk_tokens):
        yield {"content": text}
    for index, call in enumerate(said.tool_calls or ()):
        opening = {"name": call.function.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call.id, "type": call.type, "function": opening}]}
        for text in groups(call.function.arguments, chunk_tokens):
            yield {"tool_calls": [{"index": index, "function": {"arguments": text}}]}


def _event(
    answer: Completion, choices: list[dict[str, object]], *, wants_usage: bool, usage: Usage | None = None
) -> bytes:
    chunk: dict[str, object] = {
        "id": answer.id,
        "object": "chat.completion.chunk",
        "created": answer.created,
        "model": answer.model,
        "choices": choices,
    }
    if wants_usage:
        chunk["usage"] = usage
    return b"data: " + _encode.encode(chunk) + b"\n\n"


def _text(message: _Message) -> str:
    if isinstance(message.content, list):
        return "\n".join(part.text for part in message.content)
    return message.content or ""
