"""Runs an example as its reader would, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.gateway_process import plain_environment


def told_by(module: str, data: Path, **environ: str) -> list[str]:
    """What a program prints; `data` takes what it keeps."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", module],
        env=plain_environment(
            {"XDG_DATA_HOME": str(data), "PYTHONPATH": os.pathsep.join(sys.path), **environ}
        ),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
