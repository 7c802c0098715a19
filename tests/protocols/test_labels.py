"""What a caller writes beside a request."""

import pytest

from sparingly.protocols.labels import metadata_of


@pytest.mark.parametrize(
    ("body", "metadata"),
    [
        (b'{"model": "m", "metadata": {"purpose": "eval", "n": 3}}', {"purpose": "eval"}),
        (b'{"model": "m", "metadata": {"user_id": "u_session_s"}}', {"user_id": "u_session_s"}),
        (b'{"model": "m"}', {}),
        (b'{"metadata": null}', {}),
        (b'{"metadata": ["a"]}', {}),
        (b'{"x": {"metadata": {"a": "b"}}}', {}),
        (b'{"metadata": ', {}),
        (b'["metadata"]', {}),
    ],
)
def test_texts_at_the_top_are_read(body: bytes, metadata: dict[str, str]) -> None:
    """Whatever is wrong with a body is told by whoever reads the request."""
    assert metadata_of(body) == metadata
