"""The names that Chat Completions uses on the wire, as tables.

After OpenAI's API reference and openai-python 3.54 (November 2026), and the
fields that compatible servers add: `reasoning_content` (DeepSeek, vLLM before
0.12, LiteLLM), `reasoning` (OpenRouter, newer vLLM), content as a list of parts
in answers (Mistral).

What is in no table is unknown, and unknown fields are kept.
"""

NAME = "openai"
PATH = "/v1/chat/completions"

ROLES = ("system", "developer", "user", "assistant", "tool")

# Request fields that have a place of their own in an `Ask`.
READ = frozenset(
    {
        "model",
        "messages",
        "temperature",
        "top_p",
        "n",
        "seed",
        "stop",
        "logprobs",
        "top_logprobs",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "stream",
        "stream_options",
    }
)

# Request fields that cannot change what is answered: who asks, how it travels, what is kept, what it costs.
NOT_THE_ANSWER = frozenset(
    {
        "user",
        "metadata",
        "store",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
    }
)

# Other request fields, of which null says that they are absent; of one that nobody knows it may say something.
NULLABLE = frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "logit_bias",
        "modalities",
        "moderation",
        "prediction",
        "reasoning_effort",
        "verbosity",
        "web_search_options",
    }
)

# In `Ask.extra`: which of the two names the token limit was given under, when it was the newer one.
MAX_TOKENS_FIELD = "max_tokens_field"
MAX_COMPLETION_TOKENS = "max_completion_tokens"

MESSAGE = frozenset({"role", "content", "name"})
TOOL_MESSAGE = MESSAGE | {"tool_call_id"}
ASSISTANT_MESSAGE = MESSAGE | {"refusal", "tool_calls", "reasoning_content", "reasoning"}
# Null says that a field is absent: clients send a model's message back as they parsed it, and some write
# every message with the fields of all of them.
NULLABLE_OF_MESSAGE = ASSISTANT_MESSAGE | TOOL_MESSAGE | {"audio", "function_call", "annotations"}

CALL = frozenset({"index", "id", "type", "function"})
CALLED_FUNCTION = frozenset({"name", "arguments"})
TOOL = frozenset({"type", "function"})
FUNCTION = frozenset({"name", "description", "parameters"})
NULLABLE_OF_FUNCTION = frozenset({"strict"})

# Fields of answers.  `obfuscation` pads streamed chunks against side channels and means nothing.
ANSWER = frozenset({"id", "object", "created", "model", "choices", "usage"})
CHUNK = ANSWER | {"obfuscation"}
CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})
CHUNK_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
# Fields of an answer's message that are content, opaque to us; `{"type": NAME, NAME: ...}` as a block.
OPAQUE_FIELDS = ("audio", "function_call")
ANSWER_MESSAGE = frozenset(
    {"role", "content", "refusal", "tool_calls", "reasoning_content", "reasoning", *OPAQUE_FIELDS}
)

# In `Choice.message_extra`, an empty `reasoning` says: the reasoning came under this name, put it back there.
REASONING = "reasoning"
REASONING_CONTENT = "reasoning_content"
# The type of a call that is not a function's (OpenAI's free-form tools).
CUSTOM = "custom"
