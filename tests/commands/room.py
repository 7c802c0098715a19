"""A cache to steer: a small world with two stored answers, and options as the command line gives them."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from sparingly.commands.cache import add_cache
from sparingly.commands.local import LocalCache
from sparingly.core.entry import Entry
from tests.asks import NOW, answer, ask, entry, mark
from tests.pipeline.world import World, a_world


def kept(words: str, **fields: object) -> Entry:
    return msgspec.structs.replace(entry(mark(ask(words))), **fields)


FAQ = kept("How do I pay?", source="r1", tags=("faq",), created_at=NOW - 9)
OTHER = kept("What is [bold]new[/]?\x1b[2J", source="r2", served="small", answer=answer("Much\u202e."))


class Room:
    """The cache and the world it is in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.steering = LocalCache(
            store=world.store, embedder=world.embedder, clock=world.clock, pipeline=world.pipeline
        )

    @property
    def sources(self) -> set[str]:
        """What is stored."""
        return {one.source for one in self.world.store.entries.values()}


@asynccontextmanager
async def a_room(*entries: Entry) -> AsyncIterator[Room]:
    async with a_world() as world:
        for one in entries or (FAQ, OTHER):
            await world.store.put(one, await world.embedder.embed(one.text or ""))
        yield Room(world)


def options_of(*words: str) -> argparse.Namespace:
    """What `sparingly cache WORDS...` is read as."""
    parser = argparse.ArgumentParser()
    add_cache(parser)
    return parser.parse_args(words)
