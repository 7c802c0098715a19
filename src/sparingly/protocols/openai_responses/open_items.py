"""Items of a streamed answer while they are being written: the events that open, fill and close each.

An event is its name and its fields; the writer of the stream numbers them.
"""

from collections.abc import Iterator
from typing import TypeAlias

from sparingly.core.chat import Json
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_responses.ids import item_id
from sparingly.protocols.openai_responses.items import Item
from sparingly.protocols.openai_responses.shapes import OWN_REASONING
from sparingly.protocols.openai_responses.write_answer import with_logprobs

Event: TypeAlias = tuple[str, Item]


class OpenItem:
    """An item at its place in the output; by itself, one that is whole already."""

    def __init__(self, stamp: Stamp, index: int, item: Item) -> None:
        self._index = index
        self._item = item
        item.setdefault("id", item_id("item_", stamp, index))

    def open(self) -> Iterator[Event]:
        """The event that announces it."""
        yield "response.output_item.added", {"output_index": self._index, "item": self.whole()}

    def close(self) -> Iterator[Event]:
        """The events that end it."""
        if "status" in self._item:
            self._item["status"] = "completed"
        yield "response.output_item.done", {"output_index": self._index, "item": self.whole()}

    def whole(self) -> Item:
        """The item as it is by now."""
        return self._item

    def _here(self) -> Item:
        return {"item_id": self._item["id"], "output_index": self._index}


class OpenMessage(OpenItem):
    """Words, in parts of two kinds."""

    def __init__(self, stamp: Stamp, index: int, left: object) -> None:
        """`left` are the message's unknown fields."""
        super().__init__(
            stamp,
            index,
            {
                "id": item_id("msg_", stamp, index),
                "type": "message",
                "status": "in_progress",
                "role": "assistant",
                "content": [],
                **(left if isinstance(left, dict) else {}),
            },
        )
        self.kind = ""
        self.logprobs: Json | None = None
        self._parts: list[Item] = []
        self._pieces: list[str] = []
        self._left: Item = {}

    def begin(self, kind: str, left: object) -> Iterator[Event]:
        """Open a part, once the one before is closed; `left` are its unknown fields."""
        yield from self._end_part()
        self.kind = kind
        self._pieces = []
        self._left = left if isinstance(left, dict) else {}
        yield "response.content_part.added", self._at() | {"part": self._part("")}

    def more(self, text: str) -> Iterator[Event]:
        """More of the part."""
        self._pieces.append(text)
        fields = self._at() | {"delta": text}
        if self.kind == "refusal":
            yield "response.refusal.delta", fields
        else:
            yield "response.output_text.delta", fields | {"logprobs": []}

    def put(self, part: Item) -> Iterator[Event]:
        """A part that is whole already."""
        yield from self._end_part()
        fields = self._at() | {"part": part}
        yield "response.content_part.added", fields
        yield "response.content_part.done", fields
        self._parts.append(part)

    def close(self) -> Iterator[Event]:
        """The events that end it."""
        yield from self._end_part()
        self._item["content"] = self._parts
        yield from super().close()

    def _end_part(self) -> Iterator[Event]:
        if not self.kind:
            return
        text = "".join(self._pieces)
        part = self._part(text) | self._left
        here = self._at()
        if self.kind == "refusal":
            yield "response.refusal.done", here | {"refusal": text}
        else:
            self.logprobs = with_logprobs([part], self.logprobs)
            yield "response.output_text.done", here | {"text": text, "logprobs": part["logprobs"]}
        yield "response.content_part.done", here | {"part": part}
        self._parts.append(part)
        self.kind = ""

    def _part(self, text: str) -> Item:
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": []}

    def _at(self) -> Item:
        return self._here() | {"content_index": len(self._parts)}


class OpenReasoning(OpenItem):
    """Reasoning, told as its summary."""

    def __init__(self, stamp: Stamp, index: int) -> None:
        super().__init__(
            stamp, index, {"id": item_id(OWN_REASONING, stamp, index), "type": "reasoning", "summary": []}
        )
        self.signature: str | None = None
        """What must come back with it."""
        self._pieces: list[str] = []

    def more(self, text: str) -> Iterator[Event]:
        """More of it."""
        at = self._here() | {"summary_index": 0}
        if not self._pieces:
            yield "response.reasoning_summary_part.added", at | {"part": _summary("")}
        self._pieces.append(text)
        yield "response.reasoning_summary_text.delta", at | {"delta": text}

    def close(self) -> Iterator[Event]:
        """The events that end it."""
        if self._pieces:
            at, text = self._here() | {"summary_index": 0}, "".join(self._pieces)
            yield "response.reasoning_summary_text.done", at | {"text": text}
            yield "response.reasoning_summary_part.done", at | {"part": _summary(text)}
            self._item["summary"] = [_summary(text)]
        if self.signature is not None:
            self._item["encrypted_content"] = self.signature
        yield from super().close()


class OpenCall(OpenItem):
    """A call of a function."""

    def __init__(self, stamp: Stamp, index: int, call_id: str, name: str, left: object) -> None:
        """`left` are its unknown fields."""
        super().__init__(
            stamp,
            index,
            {
                "id": item_id("fc_", stamp, index),
                "type": "function_call",
                "status": "in_progress",
                "call_id": call_id,
                "name": name,
                "arguments": "",
                **(left if isinstance(left, dict) else {}),
            },
        )
        self._pieces: list[str] = []

    def more(self, arguments: str) -> Iterator[Event]:
        """More of its arguments."""
        self._pieces.append(arguments)
        yield "response.function_call_arguments.delta", self._here() | {"delta": arguments}

    def close(self) -> Iterator[Event]:
        """The events that end it."""
        arguments = self._item["arguments"] = "".join(self._pieces)
        yield "response.function_call_arguments.done", self._here() | {"arguments": arguments}
        yield from super().close()


def _summary(text: str) -> Item:
    return {"type": "summary_text", "text": text}
