"""The names that the Responses API uses on the wire, as tables.

After OpenAI's API reference and the types of openai-python 3.54 (November 2026).
What is in no table is unknown, and unknown fields are kept under `NAME`.
"""

NAME = "openai-responses"
PATH = "/v1/responses"

HINTS = f"{NAME}-hints"
"""In `Ask.extra`: what changes how much is told of an answer and means nothing elsewhere."""

OWN_RESPONSE = "resp_sp_"
"""Ids of answers that no provider holds under them; the provider's own may follow after another `_`."""
OWN_REASONING = "rs_sp_"
"""Ids of reasoning that we wrote down for another dialect's provider."""

# Request fields that have a place of their own in an `Ask`, or are read one by one.
READ = frozenset(
    {
        "model",
        "input",
        "instructions",
        "max_output_tokens",
        "temperature",
        "top_p",
        "top_logprobs",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "text",
        "reasoning",
        "include",
        "truncation",
        "stream",
        "stream_options",
        "store",
        "background",
        "previous_response_id",
        "conversation",
        "prompt",
    }
)

# Request fields that cannot change what is answered: who asks, how it travels, what it costs.
NOT_THE_ANSWER = frozenset(
    {
        "user",
        "metadata",
        "client_metadata",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "prompt_cache_options",
        "safety_identifier",
    }
)

# Request fields by which an answer depends on what only the provider holds.
OF_THE_PROVIDER = ("previous_response_id", "conversation", "prompt")

LOGPROBS = "message.output_text.logprobs"
ENCRYPTED = "reasoning.encrypted_content"

# What an item always has; the rest of its fields is kept.
MESSAGE = frozenset({"type", "id", "status", "role", "content"})
FUNCTION_CALL = frozenset({"type", "id", "status", "call_id", "name", "arguments"})
FUNCTION_OUTPUT = frozenset({"type", "id", "status", "call_id", "output"})
REASONING = frozenset({"type", "id", "status", "summary", "content", "encrypted_content"})
# Items that we keep whole but for id and status: what belongs to a call is found by its `call_id`.
UNNAMED = frozenset({"additional_tools", "custom_tool_call", "custom_tool_call_output"})

# Parts of a message; a mark for the provider's prompt cache means nothing to the answer.
INPUT_TEXT = frozenset({"type", "text", "prompt_cache_breakpoint"})
INPUT_IMAGE = frozenset({"type", "image_url", "detail", "prompt_cache_breakpoint"})
INPUT_FILE = frozenset({"type", "file_id", "file_data", "filename", "prompt_cache_breakpoint"})
OUTPUT_TEXT = frozenset({"type", "text", "logprobs"})
REFUSAL = frozenset({"type", "refusal"})

# Fields of an answer that are its own, or repeat the request's; the others are kept.
ANSWER = frozenset(
    {
        *READ,
        *NOT_THE_ANSWER,
        "id",
        "object",
        "created_at",
        "completed_at",
        "status",
        "error",
        "incomplete_details",
        "output",
        "output_text",
        "usage",
        "max_tool_calls",
        "frequency_penalty",
        "presence_penalty",
        "prompt_cache_diagnostics",
        "moderation",
        "billing",
        "tool_usage",
    }
)

# Why an answer is incomplete, in the words of `Choice.finish`; any other reason counts as `length`, so that
# the answer is not taken for a whole one.
INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}
