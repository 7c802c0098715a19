"""The dialects there are, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from sparingly.protocols.anthropic.inbound import AnthropicInbound
from sparingly.protocols.anthropic.outbound import AnthropicOutbound
from sparingly.protocols.dialect import Inbound, Outbound
from sparingly.protocols.openai_chat.inbound import OpenAIChatInbound
from sparingly.protocols.openai_chat.outbound import OpenAIChatOutbound
from sparingly.protocols.openai_embeddings import EmbeddingsInbound, EmbeddingsOutbound
from sparingly.protocols.openai_responses.inbound import OpenAIResponsesInbound
from sparingly.protocols.openai_responses.outbound import OpenAIResponsesOutbound

INBOUND: Mapping[str, Inbound] = MappingProxyType(
    {
        "openai": OpenAIChatInbound(),
        "openai-responses": OpenAIResponsesInbound(),
        "openai-embeddings": EmbeddingsInbound(),
        "anthropic": AnthropicInbound(),
    }
)
"""How clients are read and answered."""

OUTBOUND: Mapping[str, Outbound] = MappingProxyType(
    {
        "openai": OpenAIChatOutbound(),
        "openai-responses": OpenAIResponsesOutbound(),
        "openai-embeddings": EmbeddingsOutbound(),
        "anthropic": AnthropicOutbound(),
    }
)
"""How providers are asked and read."""
