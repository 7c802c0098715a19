"""The canonical request: what a client asks, whatever dialect it spoke.

Dialects read their wire form into an `Ask`; fingerprinting, routing and
translation see nothing else.  Fields that no dialect here knows are kept as
canonical JSON in `extra`, so that they still tell two requests apart.
"""

from typing import Literal, NewType, TypeAlias

import msgspec

Tenant = NewType("Tenant", str)

Json = NewType("Json", str)
"""The text of an opaque JSON value, with sorted keys (see `canonical_json`).

Text, not `msgspec.Raw`: msgspec cannot decode `Raw | None`, so an answer could
not be read back from the store, and Raw can neither be hashed nor outlive its
buffer.  `msgspec.Raw(json)` puts it into a document that is being encoded.
"""

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Words."""

    text: str


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A picture by URL or data URI."""

    url: str
    detail: str | None = None


class Thinking(msgspec.Struct, frozen=True, tag="thinking"):
    """A model's own reasoning, with the provider's signature where there is one."""

    text: str
    signature: str | None = None


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """The model's stated refusal."""

    text: str


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """A call the model asks for; `arguments` is the JSON text exactly as the model wrote it."""

    id: str
    name: str
    arguments: str


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    """What a tool returned for the call `call_id`."""

    call_id: str
    parts: tuple["Part", ...]
    is_error: bool = False


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A part that only the dialect it came from understands: audio, files, citations."""

    json: Json


Part: TypeAlias = Text | Image | Thinking | Refusal | ToolCall | ToolResult | Opaque


class Turn(msgspec.Struct, frozen=True):
    """One message of the conversation."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    extra: Json | None = None


class Tool(msgspec.Struct, frozen=True):
    """A function the model may call; `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: Json | None = None
    extra: Json | None = None


class Sampling(msgspec.Struct, frozen=True):
    """What shapes the draw of an answer; None means that the client left it to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    max_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


class Ask(msgspec.Struct, frozen=True):
    """One request for an answer.

    `extra` holds every top-level field that could change the answer and has no
    place here; `stream` and `include_usage` say how the answer travels and
    never what it is.
    """

    model: str
    turns: tuple[Turn, ...]
    sampling: Sampling = Sampling()
    tools: tuple[Tool, ...] = ()
    tool_choice: Json | None = None
    parallel_tool_calls: bool | None = None
    response_format: Json | None = None
    extra: Json | None = None
    stream: bool = False
    include_usage: bool = False
    held: str | None = None
    """The field by which the answer builds on, or becomes, what only its provider holds: no stored one may stand in."""

    @property
    def last_user_text(self) -> str:
        """The words of the last user turn that has any, wherever it stands; empty without one.

        An agent's request ends with tool results; what it is about is what its user said last.
        """
        for turn in reversed(self.turns):
            if turn.role == "user":
                # As the fingerprint joins them, so that its embedding is the embedding of this.
                text = "\n\n".join(part.text for part in turn.parts if isinstance(part, Text))
                if text.strip():
                    return text
        return ""


_encoder = msgspec.json.Encoder(order="sorted")


def canonical_json(value: object) -> Json:
    """Encode a JSON value with sorted keys and no spaces: equal values give equal bytes."""
    return Json(_encoder.encode(value).decode())
