"""Where a request would have gone."""

import pytest

from sparingly.transport.addresses import Destination, destination
from sparingly.upstreams.provider import address

ENDPOINTS = ["/v1/chat/completions", "/v1/messages", "/v1/models"]
HOST = "https://api.example.com"

CASES = [
    ("/v1/chat/completions", "/v1", "/v1/chat/completions"),
    ("/v1/messages", "/v1", "/v1/messages"),
    ("/v1/files/file-1/content", "/v1", "/v1/files/file-1/content"),
    ("/api/v1/chat/completions", "/api/v1", "/v1/chat/completions"),
    ("/v1beta/openai/chat/completions", "/v1beta/openai", "/v1/chat/completions"),
    ("/api/paas/v4/embeddings", "/api/paas/v4", "/v1/embeddings"),
    ("/v1/a%2Fb", "/v1", "/v1/a%2Fb"),
    ("/openai/deployments/x/chat/completions", "", "/openai/deployments/x/chat/completions"),
    ("/health", "", "/health"),
    ("/v1", "", "/v1"),
]


@pytest.mark.parametrize(("asked", "base", "path"), CASES, ids=[case[0] for case in CASES])
def test_a_path_is_split_into_the_providers_part_and_ours(asked: str, base: str, path: str) -> None:
    """Whatever its provider calls its version."""
    assert destination(HOST, asked, endpoints=ENDPOINTS) == Destination(HOST + base, path)


@pytest.mark.parametrize("asked", [case[0] for case in CASES])
def test_the_two_halves_lead_back_to_where_the_client_asked(asked: str) -> None:
    """Nothing is asked elsewhere because we are in between."""
    found = destination(HOST, asked, endpoints=ENDPOINTS)

    assert address(found.base_url, found.path) == HOST + asked
