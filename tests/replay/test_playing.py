import msgspec
import pytest

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.policy import CachePolicy, RoutingPolicy
from sparingly.replay.logged import Logged
from sparingly.replay.playing import DIALECTS, Act, Troubles, World, opened_player
from tests.fakes.store import FakeStore
from tests.replay.log_files import chat
from tests.replay.world import WordEmbedder, world

pytestmark = pytest.mark.anyio


def _logged(index: int, text: str = "one two", **fields: object) -> Logged:
    return Logged(id=f"r{index}", time=float(index), request=msgspec.json.encode(chat(text, **fields)))  # type: ignore[arg-type]  # fields of any type


async def _played(
    requests: list[Logged], *, store: FakeStore, cache: CachePolicy, within: World | None = None
) -> list[Act]:
    async with opened_player(
        within or world(),
        cache=cache,
        routing=RoutingPolicy(),
        store=store,
        embedder=WordEmbedder(),
        seed=0,
        troubles=Troubles(),
    ) as player:
        return [await player.play(logged, insert="misses") for logged in requests]


async def test_what_was_answered_is_known_to_the_very_next_request() -> None:
    """Write-back is waited for, so a log always gives the same decisions."""
    store = FakeStore()

    acts = await _played([_logged(0), _logged(1)], store=store, cache=CachePolicy())

    assert [act.entry.verdict for act in acts] == ["miss", "exact"]
    assert [entry.source for entry in store.entries.values()] == ["r0"]


async def test_a_streamed_hit_and_a_streamed_miss_are_read_to_their_end() -> None:
    """Else nothing would be kept, and the ledger entry would say that the client left."""
    requests = [_logged(0, stream=True), _logged(1, stream=True)]

    acts = await _played(requests, store=FakeStore(), cache=CachePolicy(pace_tokens_per_s=10.0))

    assert [act.entry.verdict for act in acts] == ["miss", "exact"]
    assert all(act.entry.complete for act in acts)


async def test_a_model_that_nobody_serves_is_refused_as_live() -> None:
    """The config decides; the log does not."""
    only_claude = Catalog(providers=(ProviderInfo("house", "anthropic", patterns=("claude-*",)),))

    [act] = await _played(
        [_logged(0)],
        store=FakeStore(),
        cache=CachePolicy(),
        within=msgspec.structs.replace(world(), catalog=only_claude),
    )

    assert (act.entry.verdict, act.entry.reason, act.entry.asked) == ("bypass", "unknown-model", "gpt-5")


async def test_the_store_is_kept_within_its_bound() -> None:
    """A replay must not find what a live gateway would have evicted long ago."""
    store = FakeStore()
    requests = [_logged(index, f"question {index}", temperature=0.5) for index in range(1_000)]

    await _played(requests, store=store, cache=CachePolicy(max_entries=10, semantic=False))

    assert len(store.entries) == 10


async def test_every_endpoint_that_can_be_played_has_its_dialect() -> None:
    """Chat Completions at least."""
    assert DIALECTS["/v1/chat/completions"] == "openai"
