"""The names that the Messages API uses on the wire, as tables.

After Anthropic's API reference and the types of anthropic-python 2.12
(November 2026).
"""

NAME = "anthropic"
PATH = "/v1/messages"

# Why an answer ended, in the words of `Choice.finish`.  A paused turn is an unfinished answer like a cut one:
# `length` keeps it from being taken for a whole one.
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "content_filter",
}
# The reasons that can be told from the finish alone; the others are kept among the unknown fields.
PLAIN_REASONS = frozenset({"end_turn", "tool_use", "max_tokens"})

MESSAGE = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage"}
)
# What a `message_delta` tells about the whole message.
STOP_FIELDS = ("stop_sequence", "stop_details")

# The known fields of the content blocks that have a block of ours; all other blocks are opaque.
BLOCKS = {
    "text": frozenset({"type", "text", "citations"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "tool_use": frozenset({"type", "id", "name", "input"}),
}
