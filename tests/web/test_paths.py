"""Tests of `sparingly.web.paths`."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from sparingly.web.paths import served_path


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/v1/messages", "/v1/messages"),
        ("/messages", "/v1/messages"),
        ("/v1/v1/messages", "/v1/messages"),
        ("/messages/count_tokens", "/v1/messages/count_tokens"),
        ("/chat/completions", "/v1/chat/completions"),
        ("/responses/resp_1", "/v1/responses/resp_1"),
        ("/models", "/v1/models"),
        ("/embeddings", "/v1/embeddings"),
        ("/v1/anything/else", "/v1/anything/else"),
    ],
)
def test_with_and_without_its_version_a_path_is_one(path: str, served: str) -> None:
    """Clients differ in whether the version belongs to the base URL."""
    assert served_path(path) == served


def test_every_path_of_openais_client_is_found_without_its_version() -> None:
    """Its base URL holds the version, and users leave it out."""
    spec = find_spec("openai")
    if spec is None or spec.origin is None:
        pytest.skip("openai-python is not installed")
    files = (Path(spec.origin).parent / "resources").rglob("*.py")
    roots = {root for file in files for root in re.findall(r'"(/[a-z_]+)(?=[/"?])', file.read_text("utf-8"))}

    assert "/chat" in roots
    assert {root for root in roots if served_path(f"{root}/x") != f"/v1{root}/x"} == set()


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/readyz", "/metrics", "/admin/cache", "/v1", "/messagesx", "messages", "/x/messages"],
)
def test_other_paths_are_no_apis(path: str) -> None:
    """They are the gateway's own, or nobody's."""
    assert served_path(path) is None
