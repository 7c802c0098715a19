"""The dialects there are, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from sparingly.protocols.anthropic.outbound import AnthropicOutbound
from sparingly.protocols.dialect import Inbound, Outbound
from sparingly.protocols.openai_chat.inbound import OpenAIChatInbound
from sparingly.protocols.openai_chat.outbound import OpenAIChatOutbound

INBOUND: Mapping[str, Inbound] = MappingProxyType({"openai": OpenAIChatInbound()})
"""How clients are read and answered."""

OUTBOUND: Mapping[str, Outbound] = MappingProxyType(
    {"openai": OpenAIChatOutbound(), "anthropic": AnthropicOutbound()}
)
"""How providers are asked and read."""
