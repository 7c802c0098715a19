"""Fill a data folder for `measure.py`: many entries of 2 KB, some of them answers to questions it will ask.

    python -m benchmarks.overhead.fill --config FILE --data DIR --port PORT --scopes N --entries N

Runs before a gateway is started on that folder, through the gateway's own
fingerprint and store.  The questions that will be asked have their real
vectors; the others get made-up ones, in clusters of ten as questions come,
since embedding 50,000 texts takes minutes.
"""

import argparse
import asyncio
import random
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.overhead.load import SYSTEM, Target, request
from benchmarks.overhead.words import questions, words
from sparingly.clock import SystemClock
from sparingly.config.loading import load_settings
from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Text
from sparingly.core.entry import Digest, Entry
from sparingly.core.fingerprint import Fingerprint, canon, fingerprint
from sparingly.core.vectors import Vector
from sparingly.opening import open_embedder, realm_of
from sparingly.ports import Embedder
from sparingly.protocols.dialects import INBOUND
from sparingly.settings import Settings
from sparingly.stores.edge import EdgeStore
from sparingly.web.auth import Door
from sparingly.web.headers import credential, read_headers

ANSWER_BYTES: Final = 1_500
"""Of words; an entry with all that belongs to it has about 2 KB."""

KNOWN: Final = 200
_AT_ONCE = 64
_TTL_S = 7 * 86_400


def known_questions(seed: int = 1) -> list[str]:
    """The questions in the store that will be asked."""
    return questions(seed, KNOWN, range(9, 33))


def system_of(number: int, scopes: int) -> str:
    """The system prompt of an entry, of which there are so many."""
    return f"{SYSTEM} Shop {number % scopes}."


class Filler:
    """Makes entries that a gateway with these settings will find."""

    def __init__(self, settings: Settings, embedder: Embedder, *, port: int, scopes: int) -> None:
        self._target = Target("", port)
        self._canon = canon(settings.cache.scope, embedder=embedder.name, realm=realm_of(settings))
        self._scopes = scopes
        self._marks: dict[int, Fingerprint] = {}
        self._answer = words(ANSWER_BYTES)
        self._now = SystemClock().now()

    def known(self, number: int, text: str) -> Entry:
        """An entry that a request with `text` finds."""
        return self._entry(self._mark(number, text), text)

    def made_up(self, number: int) -> Entry:
        """An entry in the scope of the same number, for no question."""
        scope = number % self._scopes
        if scope not in self._marks:
            self._marks[scope] = self._mark(scope, "?")
        return self._entry(self._marks[scope], f"question {number}", Digest(f"{number:032x}"))

    def _mark(self, number: int, text: str) -> Fingerprint:
        raw = request(self._target, text, system=system_of(number, self._scopes))
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
        headers = read_headers((name, value) for name, value in lines)
        caller = Door({}).admit(credential(headers))
        return fingerprint(INBOUND["openai"].read(body), tenant=caller.tenant, canon=self._canon)

    def _entry(self, mark: Fingerprint, text: str, digest: Digest | None = None) -> Entry:
        return Entry(
            digest=digest or mark.digest,
            scope=mark.scope,
            tenant=Door({}).admit("sk-filler").tenant,
            text=text,
            answer=Answer(self._target.model, (Choice(0, (Text(self._answer),), "stop"),), Usage(220, 180)),
            asked=self._target.model,
            served=self._target.model,
            source="0" * 32,
            created_at=self._now,
            expires_at=self._now + _TTL_S,
            cost_nano=150_000,
            worth=self._now,
        )


async def fill(options: argparse.Namespace) -> None:
    """Write all entries."""
    settings = load_settings(options.config, {})
    embedder = await open_embedder(settings)
    filler = Filler(settings, embedder, port=options.port, scopes=options.scopes)
    store = EdgeStore(options.data / f"answers-{embedder.dimensions}", dimensions=embedder.dimensions)
    vectors = vectors_of(options.entries - KNOWN, embedder.dimensions)
    for start in range(0, len(vectors), _AT_ONCE):
        rows = range(start, min(start + _AT_ONCE, len(vectors)))
        await asyncio.gather(*(store.put(filler.made_up(row), vectors[row]) for row in rows))
    for number, text in enumerate(known_questions()):
        vector: Vector = await embedder.embed(text)
        await store.put(filler.known(number, text), vector)
    print(await store.count(), "entries")
    await store.aclose()
    await embedder.aclose()


def vectors_of(count: int, dimensions: int) -> npt.NDArray[np.float32]:
    """Unit vectors in clusters of ten, in shuffled order."""
    rng = np.random.default_rng(random.Random(1).randrange(2**32))
    centers = rng.standard_normal((count // 10 + 1, dimensions), dtype=np.float32)
    vectors = np.repeat(centers, 10, axis=0)[:count]
    vectors += 0.5 * rng.standard_normal(vectors.shape, dtype=np.float32)
    rng.shuffle(vectors)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def main() -> None:
    """Fill as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True, help="of the provider, for a Host header")
    parser.add_argument("--scopes", type=int, required=True)
    parser.add_argument("--entries", type=int, required=True)
    asyncio.run(fill(parser.parse_args()))


if __name__ == "__main__":
    main()
