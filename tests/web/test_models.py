"""GET /v1/models: our names first, then theirs; never an error for want of theirs."""

import json
from typing import Any

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


ANTHROPICS = (("anthropic-version", "2026-10-21"),)


async def anthropics(upstream: FakeUpstream) -> dict[str, Any]:
    models = ModelList(catalog=CATALOG, policy=POLICY, upstream=upstream)
    body: dict[str, Any] = json.loads(await models.body(CALLER, headers=ANTHROPICS))
    return body


async def test_anthropics_clients_get_a_list_in_their_shape() -> None:
    """All of it on one page; a provider's line in the other shape is put into theirs."""
    line = {"id": "gpt-9", "object": "model", "created": 1_767_225_600, "owned_by": "openai"}
    listed = await anthropics(FakeUpstream(theirs(line)))

    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (False, "auto", "gpt-9")
    assert [one["id"] for one in listed["data"]] == [*OWN, "gpt-9"]
    assert listed["data"][-1] == {
        "type": "model",
        "id": "gpt-9",
        "display_name": "gpt-9",
        "created_at": "2026-01-01T00:00:00Z",
    }


async def test_a_line_in_their_own_shape_stays_as_it_is() -> None:
    """With what the provider knows of the model; OpenAI's clients get the same model in theirs."""
    line = {"type": "model", "id": "claude-9", "display_name": "Claude 9", "max_tokens": 7}

    assert (await anthropics(FakeUpstream(theirs(line))))["data"][-1] == line
    assert (await listed(FakeUpstream(theirs(line))))[-1] == {
        "id": "claude-9",
        "object": "model",
        "created": 0,
        "owned_by": "anthropic",
    }


async def test_one_of_our_names_is_told_without_asking_anybody() -> None:
    """In either shape; other names the provider may know."""
    upstream = FakeUpstream()
    models = ModelList(catalog=CATALOG, policy=POLICY, upstream=upstream)

    one = json.loads(await models.body(CALLER, headers=ANTHROPICS, path="/v1/models/fast"))
    other = json.loads(await models.body(CALLER, headers=(), path="/v1/models/fast"))

    assert (one["type"], one["id"], other["object"], other["id"]) == ("model", "fast", "model", "fast")
    assert (models.answers("/v1/models/fast"), models.answers("/v1/models/gpt-9")) == (True, False)
    assert upstream.requests == []


@pytest.mark.parametrize("created", ["soon", -(10**20), None])
async def test_a_time_that_is_none_breaks_nothing(created: object) -> None:
    """A list without a date is worth more than none."""
    listed = await anthropics(FakeUpstream(theirs({"id": "gpt-9", "created": created})))

    assert listed["data"][-1]["created_at"] == "1970-01-01T00:00:00Z"
