"""A provider for `measure.py` that costs next to nothing, in a process of its own.

    python -m benchmarks.overhead.provider          # prints its port

Speaks just enough HTTP/1.1 and Chat Completions by hand, on uvloop.  Whole
answers come at once.  A question that says `chunks=64 pace_ms=20` and is asked
streamed gets so many chunks so far apart; each carries the time it was sent as
`@NANOSECONDS@` on the machine's monotonic clock, so that whoever receives it
knows how long it was on its way.
"""

import asyncio
import json
import re
import time
from typing import Final, cast

import uvloop

from benchmarks.overhead.words import words

MODEL: Final = "gpt-4o-mini"
STAMP: Final = re.compile(rb"@(\d+)@")

# About as long as a help desk's answer; and 20 chunks a second are what a fast model streams, in fours of words.
_ANSWER_CHARS = 900
# Larger requests are only counted, not looked at.
_READ_BYTES = 64 * 1024

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb'"stream": ?true')
_PLAN = re.compile(rb"chunks=(\d+) pace_ms=(\d+)")

_ANSWER: Final = json.dumps(
    {
        "id": "chatcmpl-mock",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": words(_ANSWER_CHARS), "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 220, "completion_tokens": 180, "total_tokens": 400},
        "system_fingerprint": "fp_mock",
    }
).encode()
_MODELS: Final = json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}).encode()

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nopenai-processing-ms: 1\r\nx-request-id: req_mock\r\n"
    b"x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\nserver: mock\r\n"
)
_JSON_HEAD: Final = _HEAD % b"application/json" + b"Content-Length: %d\r\n\r\n"
_STREAM_HEAD: Final = _HEAD % b"text/event-stream; charset=utf-8" + b"Transfer-Encoding: chunked\r\n\r\n"

_CHUNK: Final = (
    b'data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1800000000,"model":"%b",'
    b'"system_fingerprint":"fp_mock","choices":[{"index":0,"delta":%%b,"logprobs":null,"finish_reason":%%b}]}\n\n'
) % MODEL.encode()
_FIRST: Final = _CHUNK % (b'{"role":"assistant","content":"","refusal":null}', b"null")
_WORDS: Final = _CHUNK % (b'{"content":"@%d@ and four more words"}', b"null")
_LAST: Final = _CHUNK % (b"{}", b'"stop"') + b"data: [DONE]\n\n"


class Provider(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._seen = b""
        self._missing = -1
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by inheritance.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._seen += data
            head, found, body = self._seen.partition(b"\r\n\r\n")
            if not found:
                return
            length = _LENGTH.search(head)
            self._missing = (int(length[1]) if length else 0) - len(body)
        else:
            self._missing -= len(data)
            if len(self._seen) < _READ_BYTES:
                self._seen += data
        if self._missing == 0:
            request, self._seen, self._missing = self._seen, b"", -1
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        if request.startswith((b"GET", b"HEAD")):
            self._write(_JSON_HEAD % len(_MODELS) + (b"" if request.startswith(b"HEAD") else _MODELS))
        elif len(request) < _READ_BYTES and _STREAM.search(request):
            plan = _PLAN.search(request)
            chunks, pace_ms = (int(plan[1]), int(plan[2])) if plan else (8, 0)
            self._begun = self._loop.time()
            self._write(_STREAM_HEAD + _framed(_FIRST + _WORDS % time.monotonic_ns()))
            self._continue(1, chunks, pace_ms / 1000)
        else:
            self._write(_JSON_HEAD % len(_ANSWER) + _ANSWER)

    def _continue(self, sent: int, chunks: int, pace_s: float) -> None:
        if sent < chunks:
            self._loop.call_at(self._begun + sent * pace_s, self._tick, sent, chunks, pace_s)
        else:
            self._write(_framed(_LAST) + b"0\r\n\r\n")

    def _tick(self, sent: int, chunks: int, pace_s: float) -> None:
        if self._transport is not None:
            self._write(_framed(_WORDS % time.monotonic_ns()))
            self._continue(sent + 1, chunks, pace_s)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
