"""Two lines, and the second answer comes from memory."""

from pathlib import Path

import pytest

from tests.examples.running import told_by
from tests.fakes.provider_server import ProviderServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


def test_the_second_answer_costs_nothing(tmp_path: Path) -> None:
    """The provider is asked once, with the client's key."""
    with ProviderServer() as provider:
        first, second = told_by(
            "sparingly.examples.two_lines",
            tmp_path,
            OPENAI_API_KEY="sk-mine",
            OPENAI_BASE_URL=f"{provider.url}/v1",
        )
        asked = list(provider.requests)

    assert first.partition(" ")[0] == "miss"
    assert second.partition(" ")[::2] == ("exact", first.partition(" ")[2])
    assert [one.header("authorization") for one in asked] == ["Bearer sk-mine"]
