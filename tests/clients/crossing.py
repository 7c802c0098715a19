"""A gateway whose callers choose by their key which dialect their requests are translated into."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.provider_server import ProviderServer
from tests.gateway_process import GatewayProcess

_CONFIG = """\
providers:
  any: {{kind: simulated}}
  chat: {{kind: openai, base_url: "{url}", dialects: [openai], models: [chat-*]}}
  responses: {{kind: openai, base_url: "{url}", dialects: [openai-responses], models: [responses-*]}}
  messages: {{kind: anthropic, base_url: "{url}", models: [messages-*]}}
default_provider: any
routing:
  names: {{}}
  routes:
    chat: {{match: {{tenant: chat}}, to: chat-model}}
    responses: {{match: {{tenant: responses}}, to: responses-model}}
    messages: {{match: {{tenant: messages}}, to: messages-model}}
  retry: {{attempts: 1}}
server: {{keys_env: GATEWAY_KEYS}}
# Tests ask alike, and mean it.
cache: {{semantic: false}}
"""

UPSTREAMS = ("any", "chat", "responses", "messages")
"""What a caller's requests may be translated into; `any` is spoken to in the caller's own dialect."""


def key_to(upstream: str) -> str:
    """The key whose requests go there."""
    return f"k-{upstream}"


@contextmanager
def crossing_gateway(folder: Path) -> Iterator[GatewayProcess]:
    """A running gateway in front of a provider that speaks each dialect at its own path."""
    keys = ",".join(f"{name}:{key_to(name)}" for name in UPSTREAMS)
    with (
        ProviderServer() as provider,
        GatewayProcess(
            folder, config=_CONFIG.format(url=provider.url), env={"GATEWAY_KEYS": keys}
        ) as gateway,
    ):
        yield gateway
