"""Read what people write for a moment in the past: an age or a date."""

import math
import re
from datetime import UTC, datetime

_AGO = re.compile(r"(\d{1,9})\s*([smhdw])")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

EXPECTED = "expected 7d, 24h, 90m or a date like 2026-11-01"


def moment_of(text: str, *, now: float) -> float:
    """The Unix second that `7d`, `24h`, `90m`, `2w` before now or a date (UTC) means.

    Raises:
        ValueError: it is neither; the message says what is expected.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return now - int(ago[1]) * _UNIT_S[ago[2]]
    try:
        moment = datetime.fromisoformat(text.strip())
        seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{EXPECTED}, got {text[:40]!r}") from error
    if not math.isfinite(seconds):
        raise ValueError(f"{EXPECTED}, got {text[:40]!r}")
    return seconds
