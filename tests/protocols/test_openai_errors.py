"""Tests of `sparingly.protocols.openai_errors`."""

import pytest

from sparingly.protocols.dialect import Failure
from sparingly.protocols.openai_errors import error_of


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (502, "server_error"),
    ],
)
def test_the_status_says_whose_fault_it_was(status: int, kind: str) -> None:
    """In the words that OpenAI's clients know."""
    assert error_of(Failure(status, "slug", "No.", "model")) == {
        "message": "No.",
        "type": kind,
        "param": "model",
        "code": "slug",
    }
