"""A crowd of requests through the whole gateway: nobody gets an answer that was made for another scope."""

import json
from random import Random

import pytest

from sparingly.ports import UpstreamReply, UpstreamRequest
from tests.pipeline.parts import GatedUpstream
from tests.pipeline.wire import text_of, whole
from tests.pipeline.world import PARAPHRASE, QUESTION, a_world

pytestmark = pytest.mark.anyio

# 2 x 2 x 3 x 2 x 2 x 2 x 2 scopes, each asked the same few questions.
TENANTS = ("acme", "rival")
MODELS = ("gpt-4o", "gpt-4o-mini")
SYSTEMS = ("Be brief.", "Be brief. ", None)
FIELDS: tuple[tuple[dict[str, object], ...], ...] = (
    ({}, {"temperature": 0.5}),
    ({}, {"seed": 1}),
    ({}, {"x_new": None}),
    ({}, {"response_format": {"type": "text"}}),
)
QUESTIONS = (QUESTION, PARAPHRASE, "Who wrote Faust?")


class EchoUpstream(GatedUpstream):
    """A provider whose answer says for whom it was made: everything of the request but its last words."""

    async def send(self, request: UpstreamRequest) -> UpstreamReply:
        assert isinstance(request.body, bytes)
        self._script[0] = whole(made_for(request.client_key or "", json.loads(request.body)))
        return await super().send(request)


def made_for(key: str, body: dict[str, object]) -> str:
    """What must be equal, as text."""
    messages = body["messages"]
    assert isinstance(messages, list)
    rest = {name: value for name, value in body.items() if name not in {"stream", "messages"}}
    return json.dumps([key, messages[:-1], rest], sort_keys=True)


@pytest.mark.slow
async def test_every_answer_was_made_for_the_scope_it_is_served_in() -> None:
    """2,000 requests of 192 scopes, most of them served from memory, in all ways."""
    rng = Random(0)
    verdicts: dict[str, int] = {}
    async with a_world(one=EchoUpstream(name="one")) as world:
        for _ in range(2_000):
            tenant, system = rng.choice(TENANTS), rng.choice(SYSTEMS)
            fields: dict[str, object] = {"model": rng.choice(MODELS)}
            for some in FIELDS:
                fields |= rng.choice(some)
            first = [] if system is None else [{"role": "system", "content": system}]
            fields["messages"] = [*first, {"role": "user", "content": rng.choice(QUESTIONS)}]
            fields["stream"] = rng.random() < 0.3

            served = await world.serve(world.incoming(tenant=tenant, key=tenant, fields=fields))

            assert text_of(served.body) == made_for(tenant, fields)
            verdicts[served.entry.verdict] = verdicts.get(served.entry.verdict, 0) + 1

    assert verdicts["exact"] > 500
    assert verdicts["semantic"] > 50
    assert verdicts["miss"] > 192
