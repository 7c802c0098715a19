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

# And back: the reason for each of our words; any other end is an end.
STOPS: dict[str | None, str | None] = {
    None: None,
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}

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

# Request fields that have a place of their own in an `Ask`.
READ = frozenset(
    {
        "model",
        "messages",
        "system",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "output_format",
        "stream",
    }
)

# Request fields that cannot change what is answered: who asks, what it costs, how fast it comes.  The prompt
# cache is among them: a provider answers the same whether it read the prompt anew or from its cache.
CACHE_CONTROL = "cache_control"
NOT_THE_ANSWER = frozenset(
    {
        CACHE_CONTROL,
        "diagnostics",
        "metadata",
        "service_tier",
        "speed",
        "user_profile_id",
        "workspace_id",
    }
)

ROLES = ("user", "assistant", "system")
REQUEST_MESSAGE = frozenset({"role", "content"})

# The known fields of the blocks in requests that have a part of ours; all other blocks are opaque.
REQUEST_BLOCKS = {
    "text": frozenset({"type", "text", "citations", CACHE_CONTROL}),
    "image": frozenset({"type", "source", CACHE_CONTROL}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "tool_use": frozenset({"type", "id", "name", "input", CACHE_CONTROL}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error", CACHE_CONTROL}),
}

# `eager_input_streaming` says how arguments travel.
TOOL = frozenset(
    {"type", "name", "description", "input_schema", "strict", CACHE_CONTROL, "eager_input_streaming"}
)
CUSTOM_TOOL = "custom"
# Values of a tool's fields that ask for nothing.
NEUTRAL_OF_TOOL: dict[str, tuple[object, ...]] = {
    "defer_loading": (False, None),
    "allowed_callers": (["direct"], None),
    "input_examples": ([], None),
}
TOOL_CHOICE = frozenset({"type", "name", "disable_parallel_tool_use"})

# The names of the errors, by status (API reference, "Errors"); other 4xx are the client's, other 5xx the API's.
ERRORS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
