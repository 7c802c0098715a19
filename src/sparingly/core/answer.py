"""The canonical answer: what a model said, whatever dialect it spoke.

It is what the store keeps, so one stored answer can be served whole or
streamed and in any dialect that can express it.
"""

from typing import TypeAlias

import msgspec

from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall

Block: TypeAlias = Text | Thinking | Refusal | ToolCall | Opaque

EMBEDDED = "embedded"
"""The `Choice.finish` of an answer that is vectors and has no words."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one answer.

    `input_tokens` counts all input, of which `cached_input_tokens` were read
    from the provider's prompt cache and `cache_write_tokens` written to it;
    `output_tokens` counts all output, of which `reasoning_tokens` were hidden.
    `estimated` says that we counted because the provider did not tell.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False


class Choice(msgspec.Struct, frozen=True):
    """One of the `n` drafts; `finish` uses the words stop, length, tool_calls, content_filter."""

    index: int
    blocks: tuple[Block, ...]
    finish: str | None = None
    logprobs: Json | None = None
    extra: Json | None = None
    """Unknown fields of the choice."""
    message_extra: Json | None = None
    """Unknown fields of the message in it."""


class Answer(msgspec.Struct, frozen=True):
    """One complete answer; `extra` holds unknown top-level fields."""

    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    extra: Json | None = None

    @property
    def text(self) -> str:
        """The words of the first choice."""
        if not self.choices:
            return ""
        return "".join(block.text for block in self.choices[0].blocks if isinstance(block, Text))

    @property
    def has_tool_calls(self) -> bool:
        """Whether any choice asks for a tool."""
        return any(isinstance(block, ToolCall) for choice in self.choices for block in choice.blocks)
