"""Embeddings as a dialect of their own: asked, kept and told again, never compared by closeness.

What is asked is not a user's question, so the texts are no user's turn: nothing
of them is embedded here or judged by time.  They are part of the digest like
every other field that shapes the vectors (`dimensions`, `encoding_format`, any
unknown one), and are looked at for personal data as all words of a request are.

The vectors stay as they came, unread.  Only providers that speak this dialect
are asked: there is nothing to translate into.
"""

from typing import Final, NoReturn

import msgspec

from sparingly.core.answer import EMBEDDED, Answer, Choice, Usage
from sparingly.core.chat import Ask, Json, Opaque, Part, Text, Turn, canonical_json
from sparingly.errors import InvalidRequest, UpstreamNonsense
from sparingly.protocols.dialect import Failure, Stamp, StreamReader, StreamWriter
from sparingly.protocols.fields import kind, leftover, missing, parse_object, text, wrong
from sparingly.protocols.openai_errors import error_of
from sparingly.protocols.patching import replaced, top_level
from sparingly.protocols.provider_errors import error_message, provider_error

NAME = "openai-embeddings"

_READ = frozenset({"model", "input", "user"})
_ANSWER = frozenset({"object", "data", "model", "usage"})


class EmbeddingsInbound:
    """Reads clients' requests and writes them vectors; satisfies `Inbound`."""

    name: Final = NAME

    def read(self, body: bytes) -> Ask:
        """Read a request; raises InvalidRequest that names the field."""
        try:
            fields = parse_object(body)
            model = text(fields, "model")
            if not model:
                raise wrong("model", "the name of a model", model)
            return Ask(
                model=model,
                # A tool's turn: the words are nobody's in this conversation.
                turns=(Turn("tool", tuple(_texts(fields.get("input")))),),
                extra=canonical_json({NAME: {"embeddings": leftover(fields, _READ)}}),
            )
        except RecursionError as error:
            raise InvalidRequest("the body is nested too deeply") from error

    def place(self, body: bytes, field: str) -> str:  # noqa: ARG002 - the port's arguments
        """The same: nothing is ever translated."""
        return field

    def whole(self, answer: Answer, stamp: Stamp) -> bytes:
        """Write the vectors."""
        usage = answer.usage or Usage()
        told: dict[str, object] = {"prompt_tokens": usage.input_tokens, "total_tokens": usage.input_tokens}
        if usage.estimated:
            told["estimated"] = True
        if stamp.cached:
            told["cached"] = True
        extra = {} if answer.extra is None else msgspec.json.decode(answer.extra, type=dict[str, msgspec.Raw])
        rest = msgspec.json.decode(extra[NAME], type=dict[str, msgspec.Raw]) if NAME in extra else {}
        body = {"object": "list", "data": _data(answer), "model": answer.model, "usage": told}
        return msgspec.json.encode({**rest, **body})

    def stream(self, ask: Ask, stamp: Stamp) -> StreamWriter:  # noqa: ARG002 - the port's arguments
        """Never asked for: `read` makes no streamed request."""
        _not_streamed()

    def error(self, failure: Failure) -> bytes:
        """Write an error body."""
        return msgspec.json.encode({"error": error_of(failure)})

    def error_event(self, failure: Failure) -> bytes:
        """An error where nothing is streamed is the body."""
        return self.error(failure)


class EmbeddingsOutbound:
    """Asks providers for vectors; satisfies `Outbound`."""

    name: Final = NAME
    path: Final = "/v1/embeddings"

    def patch(self, raw: bytes, *, model: str, inject_usage: bool = False) -> bytes:  # noqa: ARG002 - always told
        """The client's own body with another model; the same bytes where nothing changes."""
        return replaced(raw, top_level(raw), {"model": model})

    def write(self, ask: Ask, *, model: str) -> bytes:  # noqa: ARG002 - the port's arguments
        """Only the same dialect is ever asked so."""
        raise InvalidRequest("only requests for embeddings can be answered with embeddings")

    def read(self, body: bytes) -> Answer:
        """Read the vectors' frame; raises UpstreamNonsense."""
        try:
            fields = top_level(body)
            data = bytes(fields.get("data", b"")).decode()
            rest: dict[str, object] = msgspec.json.decode(
                msgspec.json.encode({name: raw for name, raw in fields.items() if name != "data"})
            )
        except (InvalidRequest, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamNonsense("the provider's answer is not JSON") from error
        if not data.startswith("["):
            said = provider_error(rest)
            raise UpstreamNonsense(
                f"the provider sent an error as an answer: {said}"
                if said
                else "the provider's answer has no `data`"
            )
        model, left = rest.get("model"), leftover(rest, _ANSWER)
        return Answer(
            model=model if isinstance(model, str) else "",
            choices=(Choice(0, (Opaque(Json(data)),), EMBEDDED),),
            usage=_usage(rest.get("usage")),
            extra=canonical_json({NAME: left}) if left else None,
        )

    def reader(self) -> StreamReader:
        """Never asked for: nothing is streamed."""
        _not_streamed()

    def error_message(self, body: bytes) -> str:
        """The provider's own words in the body of an error."""
        return error_message(body)


def _texts(asked: object) -> list[Part]:
    """One part an embedding; a list of one is that one."""
    match asked:
        case None:
            raise missing("input")
        case str():
            return [Text(asked)]
        case []:
            raise InvalidRequest("`input` must hold at least one text", field="input")
        case [int(), *_]:
            return [Opaque(canonical_json({NAME: asked}))]
        case list():
            return [_text(item, index) for index, item in enumerate(asked)]
        case _:
            raise wrong("input", "text, a list of texts or a list of tokens", asked)


def _text(item: object, index: int) -> Part:
    if isinstance(item, str):
        return Text(item)
    if isinstance(item, list):
        return Opaque(canonical_json({NAME: item}))
    raise InvalidRequest(
        f"`input.{index}` must be text or a list of tokens, not {kind(item)}", field=f"input.{index}"
    )


def _usage(value: object) -> Usage | None:
    tokens = value.get("prompt_tokens") if isinstance(value, dict) else None
    return Usage(input_tokens=tokens) if isinstance(tokens, int) and tokens >= 0 else None


def _data(answer: Answer) -> msgspec.Raw:
    for choice in answer.choices:
        for block in choice.blocks:
            if isinstance(block, Opaque):
                return msgspec.Raw(block.json)
    return msgspec.Raw(b"[]")


def _not_streamed() -> NoReturn:
    raise InvalidRequest("embeddings are not streamed", field="stream")
