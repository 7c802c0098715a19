"""Write the traffic log that `replay` reads: a line a request, in FORMATS section 1.

A thread does the work; a request hands over what it has and goes on.  A line
that cannot be written is dropped and counted, never raised.  Headers are not
handed over at all: they hold keys.

`time` is when a request arrived, but lines are written as requests end, and a
replay needs time that never runs back.  So a line takes the time of the line
above it where its own is earlier: such a request was answered after the other.

`response` is null unless a whole, successful answer was given.  `cost_usd` is
what making that answer costs: for a hit what it would have cost.  It is left
out where no price was known, and `latency_s` where no provider was asked.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from sparingly.core.ledger import LedgerEntry
from sparingly.errors import StartupError, TrafficLogError
from sparingly.telemetry.redaction import redact, steps
from sparingly.telemetry.rotation import RotatingFiles
from sparingly.writer_thread import WriterThread

FOLDER_NAME = "traffic"

# Bodies may be 32 MB each; what waits must not grow into the gateway's own memory budget.
_MAX_WAITING_BYTES = 64 * 1024 * 1024
# What a line has besides the two bodies, roughly.
_LINE_BYTES = 512
_NANO_PER_USD = 1_000_000_000


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    time: float
    tenant: str
    path: str
    request: msgspec.Raw
    response: msgspec.Raw | None
    latency_s: float | None = None
    cost_usd: float | None = None
    verdict: str
    reason: str
    status: int
    served: str | None = None


class _Kept(msgspec.Struct, frozen=True):
    entry: LedgerEntry
    request: bytes
    response: bytes | None


class TrafficLogWriter:
    """Writes to `folder`, blanking out the dotted paths in `redacted`.

    Raises:
        StartupError: the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        keep_files: int,
        redacted: Sequence[str] = (),
        max_waiting_bytes: int = _MAX_WAITING_BYTES,
    ) -> None:
        try:
            self._files = RotatingFiles(folder, max_bytes=max_bytes, keep_files=keep_files)
        except OSError as error:
            raise StartupError(f"cannot write the traffic log {folder}: {error.strerror or error}") from error
        self._folder = folder
        self._redacted = [steps(path) for path in redacted]
        self._last_time = 0.0
        self._rejected = 0
        self._done = 0
        """How much of the batch at hand is in the file already."""
        self._writer = WriterThread(
            self._write, name="sparingly-traffic-log", max_weight=max_waiting_bytes, linger_s=0.1
        )

    @property
    def dropped(self) -> int:
        """How many lines were lost: too much was waiting, or a body was no JSON object."""
        return self._writer.dropped + self._rejected

    @property
    def trouble(self) -> str | None:
        """Why nothing is written at the moment; None when all is well."""
        return self._writer.trouble

    def enter(self, entry: LedgerEntry, *, request: bytes, response: bytes | None) -> None:
        """Hand over a finished request with the bodies as the client sent and got them."""
        weight = _LINE_BYTES + len(request) + (0 if response is None else len(response))
        self._writer.offer(_Kept(entry, request, response), weight)

    async def flush(self) -> None:
        """Wait until every request so far is written."""
        await self._writer.flush()

    async def aclose(self) -> None:
        """Write what is left and close the file; safe to call twice."""
        await self._writer.aclose()
        self._files.close()

    def _write(self, kept: list[_Kept]) -> None:
        # A batch that failed halfway comes again: what it left in the file is not written twice.
        for one in kept[self._done :]:
            self._write_one(one)
            self._done += 1
        self._done = 0

    def _write_one(self, one: _Kept) -> None:
        time = max(one.entry.time, self._last_time)
        try:
            line = self._line(one, time)
        except (ValueError, RecursionError):
            # msgspec's and Unicode's complaints about a body; the others still count.
            self._rejected += 1
            return
        try:
            self._files.append(line, time=time)
        except OSError as error:
            raise TrafficLogError(f"the traffic log {self._folder} cannot be written: {error}") from error
        self._last_time = time

    def _line(self, kept: _Kept, time: float) -> bytes:
        entry = kept.entry
        is_hit = entry.verdict in {"exact", "semantic"}
        cost_nano = entry.baseline_nano if is_hit else entry.cost_nano - entry.overhead_nano
        line = msgspec.json.encode(
            _Line(
                id=entry.id,
                time=time,
                tenant=entry.tenant or "default",
                path=entry.path,
                request=_one_line(kept.request),
                response=_answer(kept),
                latency_s=entry.timings.total_s if entry.attempts else None,
                cost_usd=cost_nano / _NANO_PER_USD if cost_nano > 0 else None,
                verdict=entry.verdict,
                reason=entry.reason,
                status=entry.status,
                served=entry.served,
            )
        )
        if self._redacted:
            line = msgspec.json.encode(redact(msgspec.json.decode(line), self._redacted))
        return line + b"\n"


def _answer(kept: _Kept) -> msgspec.Raw | None:
    if kept.response is None or not kept.entry.complete or not 200 <= kept.entry.status < 300:
        return None
    try:
        return _one_line(kept.response)
    except (ValueError, RecursionError):
        # A relayed answer may be anything, sound for instance.
        return None


def _one_line(body: bytes) -> msgspec.Raw:
    """A body as it is, without its line ends: inside JSON they can only stand between values.

    Raises:
        ValueError: the body is no JSON object.
    """
    msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    # Skipped values are not checked to be UTF-8.
    body.decode()
    return msgspec.Raw(body.strip().replace(b"\n", b" ").replace(b"\r", b" "))
