"""Tests of `sparingly.protocols.dialects`."""

from sparingly.protocols.dialects import INBOUND, OUTBOUND


def test_every_dialect_is_found_by_its_own_name() -> None:
    """Config files and the pipeline name dialects; a name that differs would route to nowhere."""
    for table in (INBOUND, OUTBOUND):
        assert {name: dialect.name for name, dialect in table.items()} == {name: name for name in table}


def test_every_provider_has_an_endpoint() -> None:
    """The path includes the version."""
    assert {name: outbound.path for name, outbound in OUTBOUND.items()} == {
        "openai": "/v1/chat/completions",
        "openai-responses": "/v1/responses",
        "openai-embeddings": "/v1/embeddings",
        "anthropic": "/v1/messages",
    }
