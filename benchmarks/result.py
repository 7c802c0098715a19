"""Write a measurement to benchmarks/results, with what it was measured on.

The figures are for comparison with each other and over time; another machine
has others.  The load says how much else was going on: timings taken at a load
near the number of CPUs are too high.
"""

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write_result(name: str, figures: Mapping[str, object], *, packages: tuple[str, ...] = ()) -> Path:
    """Write `figures` to results/NAME.json, beside the versions of `packages`."""
    measured_on = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": _commit(),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "load_1m_5m_15m": [round(load, 2) for load in os.getloadavg()],
        "packages": {package: version(package) for package in packages},
    }
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"measured_on": measured_on, **figures}, indent=1) + "\n", encoding="utf-8")
    return path


def _commit() -> str:
    """The checkout's commit, with `+` when files differ from it; `unknown` outside a checkout."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=RESULTS.parent, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _cpu() -> str:
    """The processor and those of its instructions that decide how fast integer models run."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = set(re.findall(r"\b(?:avx2|avx512f|avx_vnni|avx512_vnni|amx_int8|asimddp|i8mm)\b", text))
    return " ".join([model[1] if model else platform.processor(), *sorted(flags)])
