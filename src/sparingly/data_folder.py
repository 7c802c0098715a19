"""Where everything persistent lives."""

from collections.abc import Mapping
from pathlib import Path

from sparingly.settings import Settings


def data_folder(settings: Settings, environ: Mapping[str, str]) -> Path:
    """The config's folder, or the user's data folder (XDG Base Directory Specification)."""
    if settings.data_dir is not None:
        return Path(settings.data_dir).expanduser()
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "sparingly"
