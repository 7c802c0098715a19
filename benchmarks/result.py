"""Write a measurement to benchmarks/results, with what it was measured on.

The figures are for comparison with each other and over time; another machine
has others.
"""

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write_result(name: str, figures: Mapping[str, object], *, packages: tuple[str, ...] = ()) -> Path:
    """Write `figures` to results/NAME.json, beside the versions of `packages`."""
    measured_on = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "packages": {package: version(package) for package in packages},
    }
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"measured_on": measured_on, **figures}, indent=1) + "\n", encoding="utf-8")
    return path
