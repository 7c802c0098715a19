"""Where everything persistent lives."""

from pathlib import Path

import pytest

from sparingly.data_folder import data_folder
from sparingly.settings import Settings

HOME = Path.home()


@pytest.mark.parametrize(
    ("data_dir", "environ", "folder"),
    [
        ("/srv/sparingly", {"XDG_DATA_HOME": "/xdg"}, Path("/srv/sparingly")),
        ("~/answers", {}, HOME / "answers"),
        (None, {"XDG_DATA_HOME": "/xdg"}, Path("/xdg/sparingly")),
        (None, {"XDG_DATA_HOME": ""}, HOME / ".local/share/sparingly"),
        (None, {}, HOME / ".local/share/sparingly"),
    ],
)
def test_the_config_comes_before_the_users_own_folder(
    data_dir: str | None, environ: dict[str, str], folder: Path
) -> None:
    """XDG Base Directory Specification; an empty variable is none."""
    assert data_folder(Settings(data_dir=data_dir), environ) == folder
