"""An app of one route, remembered."""

from pathlib import Path
from typing import cast

import pytest

from sparingly.examples.wrapped_app import app
from sparingly.web.app import App
from tests.pipeline.wire import request_body
from tests.web.harness import fetch

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]


async def test_its_second_answer_comes_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept in the user's data folder, where nothing else is said."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    body = request_body("Who are you?")

    first = await fetch(cast("App", app), body=body)
    second = await fetch(cast("App", app), body=body)
    await app.aclose()

    assert first.json()["choices"][0]["message"]["content"] == "You asked: Who are you?"
    assert (first.headers["x-sparingly-cache"], second.headers["x-sparingly-cache"]) == ("miss", "exact")
    assert (tmp_path / "sparingly").is_dir()
