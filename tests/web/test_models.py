"""GET /v1/models: our names first, then theirs; never an error for want of theirs."""

import json

import pytest

from sparingly.core.catalog import Catalog, ProviderInfo
from sparingly.core.chat import Tenant
from sparingly.core.policy import Deployment, Model, RoutingPolicy, Tier
from sparingly.pipeline.exchange import Caller
from sparingly.web.models import ModelList
from tests.fakes.upstream import Dead, FakeUpstream, Scripted
from tests.pipeline.parts import GatedUpstream

pytestmark = pytest.mark.anyio

CALLER = Caller(Tenant("acme"), "sk-mine")

CATALOG = Catalog(
    providers=(ProviderInfo("one"),), models={"gpt-4o": Model(deployments=(Deployment(provider="one"),))}
)
POLICY = RoutingPolicy(names={"auto": "tiers", "fast": "gpt-4o"}, tiers={"simple": Tier(model="gpt-4o")})

OWN = ["auto", "fast", "gpt-4o"]


def theirs(*lines: object) -> Scripted:
    return Scripted((json.dumps({"object": "list", "data": lines}).encode(),))


async def listed(
    upstream: FakeUpstream, headers: tuple[tuple[str, str], ...] = ()
) -> list[dict[str, object]]:
    models = ModelList(catalog=CATALOG, policy=POLICY, upstream=upstream)
    body = json.loads(await models.body(CALLER, headers=headers))
    assert body["object"] == "list"
    lines: list[dict[str, object]] = body["data"]
    return lines


async def test_our_names_are_in_openais_shape() -> None:
    """A name that routing resolves is the gateway's own."""
    lines = await listed(FakeUpstream(theirs()))

    assert [line["id"] for line in lines] == OWN
    assert lines[0] == {"id": "auto", "object": "model", "created": 0, "owned_by": "sparingly"}
    assert lines[2]["owned_by"] == "one"


async def test_their_lines_follow_as_they_are() -> None:
    """With fields nobody here knows."""
    line = {"id": "gpt-9", "created": 7, "x_new": [1]}

    assert (await listed(FakeUpstream(theirs(line))))[3:] == [line]


async def test_a_name_is_listed_once() -> None:
    """Ours says who serves it here."""
    lines = await listed(FakeUpstream(theirs({"id": "gpt-4o"}, {"id": "gpt-9"})))

    assert [line["id"] for line in lines] == [*OWN, "gpt-9"]


async def test_the_provider_is_asked_with_the_callers_key_and_headers() -> None:
    """What it lists may depend on who asks."""
    upstream = FakeUpstream(theirs())

    await listed(upstream, (("openai-organization", "org-1"),))

    (request,) = upstream.requests
    assert (request.method, request.path, request.client_key) == ("GET", "/v1/models", "sk-mine")
    assert request.headers == (("openai-organization", "org-1"),)


@pytest.mark.parametrize(
    "script",
    [
        Dead(),
        Scripted((b"nonsense",)),
        Scripted((b"",)),
        Scripted((b"[]",)),
        Scripted((b'{"data": [{"name": "no id"}]}',)),
        Scripted((b'{"data": [{"id": 7}]}',)),
        Scripted((b'{"data": [{"id": "m\xff"}]}',)),
        Scripted((b'{"data": [{"id": "m", "x": "\xff"}]}',)),
        Scripted((b'{"data": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",)),
        Scripted((b'{"error": {"message": "no"}}',), status=401),
        Scripted((b'{"data": [{"id"',), is_cut=True),
    ],
    ids=[
        *("down", "no JSON", "nothing", "a list", "no id", "a number", "bad UTF-8", "bad UTF-8 within"),
        *("too deep", "refused", "cut"),
    ],
)
async def test_without_theirs_ours_are_listed(script: Scripted | Dead) -> None:
    """Our own names are worth listing."""
    assert [line["id"] for line in await listed(FakeUpstream(script))] == OWN


async def test_a_provider_that_is_slow_is_not_waited_for() -> None:
    """A list without its part, soon, is better."""
    silent = GatedUpstream()
    silent.gate.clear()
    models = ModelList(catalog=CATALOG, policy=POLICY, upstream=silent, patience_s=0.01)

    body = json.loads(await models.body(CALLER, headers=()))

    assert [line["id"] for line in body["data"]] == OWN
