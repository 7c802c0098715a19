"""Paths the gateway does not answer itself: to the default provider and back, unchanged, streamed both ways."""

import pytest

from sparingly.core.chat import Tenant
from sparingly.errors import UpstreamBroke
from tests.fakes.upstream import Dead, Scripted
from tests.pipeline.parts import GatedUpstream
from tests.web.front import LIMIT, PipeUpstream, a_front
from tests.web.harness import eventually, fetch, visiting

pytestmark = pytest.mark.anyio

BINARY = bytes(range(256))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_any_method_travels(method: str) -> None:
    """And the ledger says that it was relayed, to whom, and how it went."""
    async with a_front() as front:
        got = await fetch(front.app, method, "/v1/files/file-1")

    (request,) = front.world.one.requests
    assert (request.method, request.path, request.body) == (method, "/v1/files/file-1", b"")
    assert got.status == 200
    line = front.line
    assert (line.verdict, line.reason, line.provider, line.status) == ("bypass", "relayed", "one", 200)
    assert line.complete


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
async def test_the_answers_that_a_provider_holds_are_listed(path: str) -> None:
    """Their path is that of the endpoint that makes them; only the method tells."""
    async with a_front() as front:
        got = await fetch(front.app, "GET", path, query="limit=2")

    assert (got.status, got.headers["x-sparingly-reason"]) == (200, "relayed")
    assert front.world.one.requests[0].path == "/v1/chat/completions?limit=2"


async def test_path_and_query_travel_as_they_were_written() -> None:
    """A decoded path would name something else."""
    async with a_front() as front:
        await fetch(front.app, "GET", "/v1/files/a%2Fb%20c%C3%A9", query="after=%2B1&x=a+b&empty=")

    assert front.world.one.requests[0].path == "/v1/files/a%2Fb%20c%C3%A9?after=%2B1&x=a+b&empty="


@pytest.mark.parametrize(
    ("method", "rest"), [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/input_items")]
)
async def test_what_a_provider_holds_is_asked_for_by_its_own_id(method: str, rest: str) -> None:
    """An answer from memory carries ours before it."""
    async with a_front(one=GatedUpstream(name="one", dialect="openai-responses")) as front:
        got = await fetch(front.app, method, f"/v1/responses/resp_sp_1a2b_resp_0f{rest}", query="limit=2")

    (request,) = front.world.one.requests
    assert (got.status, request.method, request.path) == (200, method, f"/v1/responses/resp_0f{rest}?limit=2")


@pytest.mark.parametrize("base", ["/v1", ""])
async def test_an_answer_that_no_provider_holds_is_refused_here(base: str) -> None:
    """In the client's dialect, saying why."""
    async with a_front() as front:
        got = await fetch(front.app, "GET", f"{base}/responses/resp_sp_1a2b")

    assert (got.status, got.error["code"]) == (404, "unknown-answer")
    assert "no provider holds the answer 'resp_sp_1a2b'" in str(got.error["message"])
    assert front.world.one.asked == 0
    assert (front.line.status, front.line.reason) == (404, "unknown-answer")


@pytest.mark.parametrize(
    "path", ["/v1/../admin", "/v1/%2e%2E/admin", "/v1/./x", "/v1/a%2f..%2f..%2fb", "/v1/.."]
)
async def test_a_path_that_leads_out_of_v1_leads_nowhere(path: str) -> None:
    """However it is written: the operator's key is for what lies beneath."""
    async with a_front() as front:
        got = await fetch(front.app, "GET", path)

    assert (got.status, got.error["code"]) == (400, "invalid-request")
    assert front.world.one.asked == 0


@pytest.mark.parametrize("path", ["/v1/...", "/v1/.well-known/x", "/v1/a..b", "/v1//x"])
async def test_dots_in_names_are_no_harm(path: str) -> None:
    """Only whole segments mean another place."""
    async with a_front() as front:
        await fetch(front.app, "GET", path)

    assert front.world.one.requests[0].path == path


async def test_headers_travel_with_their_values() -> None:
    """The upstream strips what belongs to the connection; here everything is handed on."""
    async with a_front() as front:
        await fetch(
            front.app, "GET", "/v1/files", headers=[("OpenAI-Beta", "assistants=v2"), ("X-Odd", "caf\xe9")]
        )

    headers = dict(front.world.one.requests[0].headers)
    assert headers["openai-beta"] == "assistants=v2"
    assert headers["x-odd"] == "caf\xe9"


@pytest.mark.parametrize("body", [b"x" * 300, [b"x" * 100, b"", b"y" * 100]], ids=["sized", "chunked"])
async def test_uploads_arrive_whole(body: bytes | list[bytes]) -> None:
    """Their content type with them, boundary and all."""
    kind = "multipart/form-data; boundary=x1"
    async with a_front() as front:
        got = await fetch(front.app, "POST", "/v1/files", headers=[("content-type", kind)], body=body)

    request = front.world.one.requests[0]
    assert got.status == 200
    assert request.body == (body if isinstance(body, bytes) else b"".join(body))
    assert dict(request.headers)["content-type"] == kind


async def test_an_upload_arrives_while_it_is_sent() -> None:
    """Piece by piece: nothing waits for the end."""
    pipe = PipeUpstream()
    async with (
        a_front(relay_to=pipe) as front,
        visiting(front.app, "POST", "/v1/audio/transcriptions", body=None) as visit,
    ):
        visit.upload(b"first")
        await pipe.was_uploaded.wait()
        early = list(pipe.uploaded)
        visit.upload(b"last", more=False)
        pipe.say(b"{}", None)

    assert early == [b"first"]
    assert b"".join(pipe.uploaded) == b"firstlast"
    assert visit.got().is_whole


async def test_an_answer_arrives_while_it_is_sent() -> None:
    """A relayed stream of events is a stream to the client."""
    pipe = PipeUpstream(headers=(("content-type", "text/event-stream"),))
    async with (
        a_front(relay_to=pipe) as front,
        visiting(front.app, "POST", "/v1/realtime/calls", body=b"{}") as visit,
    ):
        pipe.say(b"data: 1\n\n")
        await visit.heard(b"1")
        early = visit.got()
        pipe.say(b"data: 2\n\n", None)

    assert not early.is_whole
    assert early.headers["content-type"] == "text/event-stream"
    assert visit.got().body == b"data: 1\n\ndata: 2\n\n"
    assert pipe.is_closed


async def test_a_binary_answer_keeps_its_bytes_and_its_headers() -> None:
    """Encoded as the provider encoded it, as long as the provider said."""
    headers = (
        ("content-type", "audio/mpeg"),
        ("content-encoding", "gzip"),
        ("content-length", "256"),
        ("etag", '"1"'),
        ("connection", "keep-alive, x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
    )
    async with a_front(one=GatedUpstream(Scripted((BINARY,), headers=headers))) as front:
        got = await fetch(front.app, "GET", "/v1/files/f/content")

    assert got.body == BINARY
    kept = {name: got.headers[name] for name, _ in headers[:4]}
    assert kept == dict(headers[:4])
    assert not {"connection", "x-hop", "keep-alive"} & got.headers.keys()


async def test_the_length_of_a_body_that_is_not_sent_travels() -> None:
    """HEAD asks for nothing else."""
    headers = (("content-type", "audio/mpeg"), ("content-length", "5000"))
    async with a_front(one=GatedUpstream(Scripted((), headers=headers))) as front:
        got = await fetch(front.app, "HEAD", "/v1/files/f/content")

    assert (got.headers["content-length"], got.body) == ("5000", b"")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_claims_no_length(status: int) -> None:
    """Servers take a length for a promise."""
    scripted = Scripted((), status=status, headers=(("content-length", "12"),))
    async with a_front(one=GatedUpstream(scripted)) as front:
        got = await fetch(front.app, "DELETE", "/v1/files/f")

    assert (got.status, "content-length" in got.headers) == (status, False)


async def test_repeated_headers_of_an_answer_stay_repeated() -> None:
    """Joining them is not for everyone to do."""
    headers = (("content-type", "a/b"), ("link", "<1>"), ("link", "<2>"))
    async with a_front(one=GatedUpstream(Scripted((b"x",), headers=headers))) as front:
        got = await fetch(front.app, "GET", "/v1/files")

    assert [value for name, value in got.pairs if name == "link"] == ["<1>", "<2>"]
    assert [name for name, _ in got.pairs].count("content-type") == 1


@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_a_providers_refusal_is_the_clients_to_read(status: int) -> None:
    """Status, body and headers; the mark says that it was relayed."""
    refusal = Scripted((b'{"error": "no"}',), status=status, headers=(("retry-after", "7"),))
    async with a_front(one=GatedUpstream(refusal)) as front:
        got = await fetch(front.app, "GET", "/v1/files/f")

    assert (got.status, got.body, got.headers["retry-after"]) == (status, b'{"error": "no"}', "7")
    assert got.headers["x-sparingly-reason"] == "relayed"
    assert front.line.status == status


async def test_no_provider_can_speak_in_the_gateways_name() -> None:
    """Its own headers are ours to write."""
    headers = (("x-sparingly-cache", "exact"), ("X-Sparingly-Saved-USD", "9"), ("cache-status", "x; hit"))
    async with a_front(one=GatedUpstream(Scripted(headers=headers))) as front:
        got = await fetch(front.app, "GET", "/v1/files")

    assert got.headers["x-sparingly-cache"] == "bypass"
    assert "x-sparingly-saved-usd" not in got.headers
    assert got.headers["cache-status"] == "sparingly; fwd=bypass"


async def test_a_provider_that_is_down_is_a_bad_gateway() -> None:
    """In OpenAI's shape, marked as ours."""
    async with a_front(one=GatedUpstream(Dead())) as front:
        got = await fetch(front.app, "GET", "/v1/files")

    assert got.status == 502
    assert got.error["code"] == got.headers["x-sparingly-reason"] == "upstream-unreachable"
    assert (front.line.status, front.line.reason) == (502, "upstream-unreachable")


async def test_an_upload_at_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    """Nobody says beforehand how long a chunked body is."""
    async with a_front() as front:
        taken = await fetch(front.app, "POST", "/v1/files", body=[b"x" * 600, b"x" * (LIMIT - 600)])
        refused = await fetch(front.app, "POST", "/v1/files", body=[b"x" * 600, b"x" * (LIMIT - 599)])

    assert (taken.status, refused.status) == (200, 413)
    assert refused.error["code"] == "body-too-large"
    assert [entry.status for entry in front.world.ledger.entries] == [200, 413]


async def test_a_broken_answer_is_not_passed_off_as_whole() -> None:
    """What has begun cannot become an error; it is left unfinished, and entered as that."""
    pipe = PipeUpstream()
    async with a_front(relay_to=pipe) as front, visiting(front.app, "GET", "/v1/files/f/content") as visit:
        pipe.say(b"half", UpstreamBroke("it broke off"))

    assert (visit.got().body, visit.got().is_whole) == (b"half", False)
    assert (front.line.status, front.line.reason, front.line.complete) == (200, "upstream-broke", False)
    assert pipe.is_closed


async def test_leaving_while_an_upload_is_sent_gives_the_provider_up() -> None:
    """Half an upload is none."""
    pipe = PipeUpstream()
    async with a_front(relay_to=pipe) as front, visiting(front.app, "POST", "/v1/files", body=None) as visit:
        visit.upload(b"first")
        await pipe.was_uploaded.wait()
        visit.leave()

    assert pipe.was_given_up
    assert (front.line.status, front.line.reason, front.line.complete) == (499, "client-left", False)


@pytest.mark.parametrize("body", [b"", b"{}", [b"{", b"}"]], ids=["none", "sized", "chunked"])
async def test_leaving_while_an_answer_is_awaited_gives_the_provider_up(body: bytes | list[bytes]) -> None:
    """The time before the first byte is the long one."""
    pipe = PipeUpstream()
    async with (
        a_front(relay_to=pipe) as front,
        visiting(front.app, "POST", "/v1/realtime/calls", body=body) as visit,
    ):
        await pipe.was_uploaded.wait()
        visit.leave()

    assert pipe.was_given_up
    assert (front.line.status, front.line.reason, front.line.complete) == (499, "client-left", False)


async def test_leaving_in_the_middle_of_an_answer_hangs_up() -> None:
    """The provider need not go on."""
    pipe = PipeUpstream()
    async with a_front(relay_to=pipe) as front, visiting(front.app, "GET", "/v1/files/f/content") as visit:
        pipe.say(b"half")
        await visit.heard(b"half")
        visit.leave()

    assert pipe.is_closed
    assert (front.line.status, front.line.reason, front.line.complete) == (200, "relayed", False)


async def test_an_answer_that_comes_early_takes_nothing_of_the_upload() -> None:
    """While a body is still sent, only the upload reads it."""
    pipe = PipeUpstream(answers_early=True)
    async with (
        a_front(relay_to=pipe) as front,
        visiting(front.app, "POST", "/v1/audio/translations", body=None) as visit,
    ):
        visit.upload(b"1")
        pipe.say(b"early ")
        await visit.heard(b"early")
        visit.upload(b"2")
        visit.upload(b"3", more=False)
        await eventually(lambda: len(b"".join(pipe.uploaded)) == 3)
        pipe.say(b"late", None)

    assert b"".join(pipe.uploaded) == b"123"
    assert visit.got().body == b"early late"
    assert front.line.complete


async def test_leaving_after_an_early_answer_began_hangs_up() -> None:
    """The upload notices it first."""
    pipe = PipeUpstream(answers_early=True)
    async with a_front(relay_to=pipe) as front, visiting(front.app, "POST", "/v1/files", body=None) as visit:
        visit.upload(b"1")
        pipe.say(b"early")
        await visit.heard(b"early")
        visit.leave()

    assert pipe.is_closed
    assert (front.line.status, front.line.complete) == (200, False)


async def test_a_key_to_this_gateway_stays_here() -> None:
    """It opens no other door; neither does a cookie."""
    credentials = [("authorization", "Bearer k1"), ("x-api-key", "k1"), ("api-key", "k1"), ("cookie", "c=k1")]
    async with a_front(keys={"k1": Tenant("acme")}) as front:
        got = await fetch(front.app, "GET", "/v1/files", headers=credentials)

    request = front.world.one.requests[0]
    assert got.status == 200
    assert "k1" not in repr(request)
    assert front.line.tenant == "acme"


async def test_a_callers_own_key_goes_to_the_provider() -> None:
    """An open door: whose key it is is for the provider to say."""
    async with a_front() as front:
        await fetch(front.app, "GET", "/v1/files", headers=[("authorization", "Bearer sk-mine")])

    request = front.world.one.requests[0]
    assert request.client_key == "sk-mine"
    assert front.line.tenant.startswith("key-")
    assert "sk-mine" not in front.line.tenant
