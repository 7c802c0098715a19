"""Write an answer as Chat Completions chunks, in the order in which OpenAI sends them.

A chunk with the role opens a choice, then come its pieces, then a chunk with
the finish reason; after all choices one with the usage and no choices, where
the client asked for it; then `[DONE]`.

What stays the same from chunk to chunk is encoded once.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sparingly.core.answer import Usage
from sparingly.core.chat import Ask, Json
from sparingly.core.transcript import (
    AnswerExtra,
    Begun,
    ChoiceExtra,
    Delta,
    Finished,
    LogprobsDelta,
    MessageExtra,
    OpaqueDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegun,
    ToolCallDelta,
    UsageTold,
)
from sparingly.protocols.dialect import Reached, Stamp
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import put_back, without_foreign
from sparingly.protocols.openai_chat import shapes
from sparingly.protocols.openai_chat.usage import write_usage
from sparingly.protocols.openai_chat.write_answer import Speaker, answer_id, usage_rest, with_extra

DONE = b"data: [DONE]\n\n"

# OpenAI repeats these in every chunk; other unknown fields are told once.
_REPEATED = ("service_tier", "system_fingerprint")

_encode = msgspec.json.Encoder().encode


class ChatWriter:
    """One streamed answer."""

    def __init__(self, ask: Ask, stamp: Stamp) -> None:
        self._stamp = stamp
        self._with_usage = ask.include_usage
        self._model = ask.model
        self._repeated: dict[str, object] = {}
        self._once: dict[str, object] = {}
        self._usage: Usage | None = None
        self._usage_rest: dict[str, object] = {}
        self._speakers: dict[int, Speaker] = {}
        self._head = b""
        # OpenAI announces the usage to come with a null in every chunk before it.
        self._foot = b'],"usage":null}\n\n' if self._with_usage else b"]}\n\n"
        self._renew_head()

    def write(self, deltas: Iterable[Delta]) -> bytes:
        """The events for some deltas."""
        return b"".join([self._event(delta) for delta in deltas])

    def close(self) -> bytes:
        """The usage, where it was asked for and is known, and the end."""
        if not self._with_usage or self._usage is None:
            return DONE
        usage = write_usage(self._usage, self._usage_rest, cached=self._stamp.cached)
        last = self._fields() | {"choices": [], "usage": usage} | self._once
        return b"data: " + _encode(last) + b"\n\n" + DONE

    @property
    def reached(self) -> Reached:
        """Nothing: an error in a stream of this API stands by itself."""
        return Reached()

    def _event(self, delta: Delta) -> bytes:
        match delta:
            case Begun():
                self._model = delta.model or self._model
                self._renew_head()
                return b""
            case AnswerExtra():
                self._keep(delta.json)
                return b""
            case UsageTold():
                self._usage = delta.usage
                return b""
            case TextDelta():
                opened = self._opened(delta.choice)
                if not delta.text:
                    return opened
                # The frequent case, written without building the objects around it.
                return opened + self._chunk(
                    b'{"index":%d,"delta":{"content":%b},"logprobs":null,"finish_reason":null}'
                    % (delta.choice, _encode(delta.text))
                )
            case _:
                return self._opened(delta.choice, has_words=_has_words(delta)) + self._other(delta)

    def _other(
        self,
        delta: (
            ThinkingDelta
            | RefusalDelta
            | ToolCallBegun
            | ToolCallDelta
            | OpaqueDelta
            | LogprobsDelta
            | ChoiceExtra
            | MessageExtra
            | Finished
        ),
    ) -> bytes:
        speaker = self._speakers[delta.choice]
        match delta:
            case ThinkingDelta():
                return self._said(delta.choice, speaker.thinking(delta.text) if delta.text else {})
            case RefusalDelta():
                return self._said(delta.choice, {"refusal": delta.text})
            case ToolCallBegun():
                call = {"index": delta.index} | speaker.call(delta.index, delta.id, delta.name, "")
                return self._said(delta.choice, {"tool_calls": [call]})
            case ToolCallDelta():
                piece = {"index": delta.index, "function": {"arguments": delta.arguments}}
                return self._said(delta.choice, {"tool_calls": [piece]})
            case OpaqueDelta():
                return self._said(delta.choice, speaker.opaque(delta.json))
            case MessageExtra():
                return self._said(delta.choice, speaker.unknown(delta.json))
            case LogprobsDelta():
                return self._of_choice(delta.choice, {"logprobs": msgspec.Raw(delta.json)})
            case ChoiceExtra():
                return self._of_choice(delta.choice, opened(delta.json))
            case Finished():
                return self._of_choice(delta.choice, {"finish_reason": delta.reason})

    def _opened(self, choice: int, *, has_words: bool = True) -> bytes:
        """The chunk with the role, before anything else of a choice."""
        if choice in self._speakers:
            return b""
        self._speakers[choice] = Speaker()
        content = "" if has_words else None
        return self._of_choice(choice, {}, delta={"role": "assistant", "content": content, "refusal": None})

    def _said(self, choice: int, delta: Mapping[str, object]) -> bytes:
        return self._of_choice(choice, {}, delta=delta) if delta else b""

    def _of_choice(
        self,
        choice: int,
        fields: Mapping[str, object],
        *,
        delta: Mapping[str, object] | None = None,
    ) -> bytes:
        known = {"index": choice, "delta": delta or {}, "logprobs": None, "finish_reason": None}
        return self._chunk(_encode({**known, **fields}))

    def _chunk(self, choice: bytes) -> bytes:
        if not self._once:
            return self._head + choice + self._foot
        once = _encode(self._once)[1:-1]
        self._once = {}
        return b"%b,%b%b" % (self._head[: -len(_CHOICES)], once, _CHOICES) + choice + self._foot

    def _keep(self, json: Json) -> None:
        """Unknown top-level fields: some for every chunk, the rest for the next one."""
        extra = put_back(without_foreign(opened(json), own=shapes.NAME), own=shapes.NAME)
        self._usage_rest = usage_rest(extra) or self._usage_rest
        self._repeated |= {name: extra.pop(name) for name in _REPEATED if name in extra}
        self._once = with_extra({}, extra)
        self._renew_head()

    def _fields(self) -> dict[str, object]:
        stamp = self._stamp
        return {
            "id": answer_id(stamp),
            "object": "chat.completion.chunk",
            "created": stamp.created,
            "model": self._model,
        } | self._repeated

    def _renew_head(self) -> None:
        self._head = b"data: " + _encode(self._fields())[:-1] + _CHOICES


_CHOICES = b',"choices":['


def _has_words(delta: Delta) -> bool:
    """Whether words may come: OpenAI then opens with `""`, and with null before calls and refusals."""
    return not isinstance(delta, ToolCallBegun | RefusalDelta | OpaqueDelta)
