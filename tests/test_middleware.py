"""The gateway within an app: Litestar, FastAPI, Starlette and bare ASGI, each as its own provider."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import fastapi
import litestar
import pytest
from fastapi.responses import JSONResponse, StreamingResponse
from litestar.response import Stream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from sparingly.errors import ConfigError
from sparingly.middleware import SparinglyMiddleware
from sparingly.web.app import App
from tests.pipeline.wire import pieces as streamed
from tests.pipeline.wire import request_body, whole
from tests.web.harness import Got, fetch, visiting

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

CHAT = "/v1/chat/completions"


class Model:
    """What the apps of these tests ask; `asked` are the bodies that reached them."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.log: list[str] = []

    def answers(self, body: bytes) -> tuple[bytes, ...]:
        """Whole, or the pieces of a stream."""
        request = json.loads(body)
        self.asked.append(request)
        said = f"The answer to {request['messages'][-1]['content']}"
        return streamed(said) if request.get("stream") else whole(said).pieces


def of_litestar(model: Model) -> Any:
    @litestar.post(CHAT, status_code=200)
    async def chat(request: litestar.Request[Any, Any, Any]) -> litestar.Response[bytes] | Stream:
        pieces = model.answers(await request.body())
        if len(pieces) == 1:
            return litestar.Response(pieces[0], media_type="application/json")
        return Stream(_one_by_one(pieces), media_type="text/event-stream")

    @litestar.get("/hello")
    async def hello() -> str:
        return "hello"

    return litestar.Litestar(
        [chat, hello],
        on_startup=[lambda: model.log.append("up")],
        on_shutdown=[lambda: model.log.append("down")],
    )


def of_fastapi(model: Model) -> Any:
    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        model.log.append("up")
        yield
        model.log.append("down")

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.post(CHAT)
    async def chat(request: fastapi.Request) -> fastapi.Response:
        return _starlette_answer(model.answers(await request.body()))

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    return app


def of_starlette(model: Model) -> Any:
    async def chat(request: Request) -> fastapi.Response:
        return _starlette_answer(model.answers(await request.body()))

    async def hello(_: Request) -> fastapi.Response:
        return fastapi.Response("hello")

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        model.log.append("up")
        yield
        model.log.append("down")

    return Starlette(routes=[Route(CHAT, chat, methods=["POST"]), Route("/hello", hello)], lifespan=lifespan)


def _starlette_answer(pieces: tuple[bytes, ...]) -> fastapi.Response:
    if len(pieces) == 1:
        return fastapi.Response(pieces[0], media_type="application/json")
    return StreamingResponse(_one_by_one(pieces), media_type="text/event-stream")


async def _one_by_one(pieces: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


FRAMEWORKS: dict[str, Callable[[Model], Any]] = {
    "litestar": of_litestar,
    "fastapi": of_fastapi,
    "starlette": of_starlette,
}


@asynccontextmanager
async def living(app: Any) -> AsyncIterator[App]:
    """An app between the start and the end of its server."""
    heard: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    said: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        group.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, heard.get, said.put))
        heard.put_nowait({"type": "lifespan.startup"})
        assert (await said.get())["type"] == "lifespan.startup.complete"
        yield cast("App", app)
        heard.put_nowait({"type": "lifespan.shutdown"})
        assert (await said.get())["type"] == "lifespan.shutdown.complete"


def wrapped(app: Any, data: Path, **options: Any) -> SparinglyMiddleware:
    config = {"data_dir": str(data), "cache": {"semantic": False}}
    return SparinglyMiddleware(app, config, environ={}, **options)


async def hit(app: App, question: str, *, stream: bool = False, headers: Any = ()) -> Got:
    """Ask until the answer comes from memory."""
    for _ in range(200):
        got = await fetch(app, body=request_body(question, stream=stream), headers=headers)
        if got.headers["x-sparingly-cache"] != "miss":
            return got
    raise AssertionError("nothing was ever kept")


def said(got: Got) -> str:
    """The words of a whole answer."""
    return str(got.json()["choices"][0]["message"]["content"])


def text_of(got: Got) -> str:
    """The words of a stream."""
    events = [line.removeprefix(b"data: ") for line in got.body.split(b"\n\n") if line]
    assert events.pop() == b"[DONE]"
    deltas = [choice["delta"] for event in events for choice in json.loads(event)["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
async def test_the_app_answers_once_and_memory_from_then_on(framework: str, tmp_path: Path) -> None:
    """In any framework, whole and streamed; its other routes and its lifespan are its own."""
    model = Model()
    async with living(wrapped(FRAMEWORKS[framework](model), tmp_path)) as app:
        first = await fetch(app, body=request_body("Why?"))
        again = await hit(app, "Why?")
        streamed_first = await fetch(app, body=request_body("How?", stream=True))
        streamed_again = await hit(app, "How?", stream=True)
        hello = await fetch(app, "GET", "/hello")
        log = list(model.log)

    assert (first.status, first.headers["x-sparingly-cache"]) == (200, "miss")
    assert again.headers["x-sparingly-cache"] == streamed_again.headers["x-sparingly-cache"] == "exact"
    assert said(first) == said(again) == "The answer to Why?"
    assert text_of(streamed_first) == text_of(streamed_again) == "The answer to How?"
    assert [asked["messages"][0]["content"] for asked in model.asked] == ["Why?", "How?"]
    assert b"hello" in hello.body
    assert "x-sparingly-cache" not in hello.headers
    assert (log, model.log) == (["up"], ["up", "down"])


async def test_fastapi_takes_it_as_its_own_middleware(tmp_path: Path) -> None:
    """One line; it opens with the server."""
    model = Model()
    app = of_fastapi(model)
    app.add_middleware(
        SparinglyMiddleware, config={"data_dir": str(tmp_path), "cache": {"semantic": False}}, environ={}
    )

    async with living(app) as served:
        await fetch(served, body=request_body("Why?"))
        again = await hit(served, "Why?")

    assert (again.headers["x-sparingly-cache"], len(model.asked)) == ("exact", 1)


async def test_without_a_lifespan_the_first_request_opens_it(tmp_path: Path) -> None:
    """And `aclose` closes it; many first requests open one."""
    model = Model()
    app = wrapped(of_starlette(model), tmp_path)

    got = await asyncio.gather(*(fetch(cast("App", app), body=request_body(f"Why {n}?")) for n in range(3)))
    await app.aclose()

    assert [one.status for one in got] == [200] * 3


async def test_an_app_that_knows_no_lifespan_is_served_all_the_same(tmp_path: Path) -> None:
    """It says so by an exception."""

    async def bare(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with living(wrapped(bare, tmp_path)) as app:
        assert (await fetch(app, "GET", "/")).status == 204


async def test_a_folder_in_use_keeps_the_app_from_starting(tmp_path: Path) -> None:
    """One clear line, which the server shows."""
    said: list[dict[str, str]] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, str]) -> None:
        said.append(message)

    async with living(wrapped(of_starlette(Model()), tmp_path)):
        await wrapped(of_starlette(Model()), tmp_path)({"type": "lifespan"}, receive, send)

    assert [message["type"] for message in said] == ["lifespan.startup.failed"]
    assert "in use" in said[0]["message"]


async def test_callers_with_other_credentials_do_not_share_answers(tmp_path: Path) -> None:
    """A session's cookie is one; an analytics cookie is taken for one."""
    model = Model()
    async with living(wrapped(of_starlette(model), tmp_path)) as app:
        await hit(app, "Who am I?", headers=[("cookie", "session=a")])
        other = await fetch(app, body=request_body("Who am I?"), headers=[("cookie", "session=b")])
        none = await fetch(app, body=request_body("Who am I?"))

    assert (other.headers["x-sparingly-cache"], none.headers["x-sparingly-cache"]) == ("miss", "miss")
    assert len(model.asked) == 3


@pytest.mark.parametrize(
    "header",
    ["x-forwarded-user", "x-amzn-oidc-data", "cf-access-jwt-assertion", "x-goog-api-key", "remote-user"],
)
async def test_whom_a_proxy_names_shares_with_nobody_else(header: str, tmp_path: Path) -> None:
    """It has checked who asks, and says so in a header of its own."""
    model = Model()
    async with living(wrapped(of_starlette(model), tmp_path)) as app:
        await hit(app, "Who am I?", headers=[(header, "a"), ("user-agent", "one")])
        other = await fetch(app, body=request_body("Who am I?"), headers=[(header, "b")])
        same = await fetch(
            app, body=request_body("Who am I?"), headers=[(header, "a"), ("user-agent", "two")]
        )

    assert (other.headers["x-sparingly-cache"], same.headers["x-sparingly-cache"]) == ("miss", "exact")


async def test_the_app_may_say_who_asks(tmp_path: Path) -> None:
    """Two sessions of one team share; who is nobody known goes to the app, past memory."""
    model = Model()

    def team(scope: Any) -> str | None:
        return dict(scope["headers"]).get(b"x-team", b"").decode() or None

    async with living(wrapped(of_starlette(model), tmp_path, tenant=team)) as app:
        await hit(app, "Who are we?", headers=[("x-team", "red"), ("cookie", "session=a")])
        same = await fetch(
            app, body=request_body("Who are we?"), headers=[("x-team", "red"), ("cookie", "session=b")]
        )
        nobody = await fetch(app, body=request_body("Who are we?"))

    assert same.headers["x-sparingly-cache"] == "exact"
    assert "x-sparingly-cache" not in nobody.headers
    assert len(model.asked) == 2


async def test_the_app_sees_its_request_and_keeps_its_cookies(tmp_path: Path) -> None:
    """Cookies, credentials and state come through; its cookies go to who made it answer, and to nobody else."""
    seen: list[Any] = []

    async def chat(request: Request) -> fastapi.Response:
        seen.append((request.headers.get("cookie"), request.headers.get("authorization"), request.url.path))
        await request.body()
        return JSONResponse(json.loads(whole("Hi.").pieces[0]), headers={"set-cookie": "seen=1"})

    app = Starlette(routes=[Route("/api/chat", chat, methods=["POST"])])
    headers = [("cookie", "session=a"), ("authorization", "Bearer mine")]
    async with living(wrapped(app, tmp_path, paths={"/api/chat": "openai"})) as served:
        first = await fetch(served, path="/api/chat", body=request_body("Hi?"), headers=headers)
        while True:
            last = await fetch(served, path="/api/chat", body=request_body("Hi?"), headers=headers)
            if last.headers["x-sparingly-cache"] == "exact":
                break

    assert seen[0] == ("session=a", "Bearer mine", "/api/chat")
    assert first.headers["set-cookie"] == "seen=1"
    assert "set-cookie" not in last.headers


async def test_what_the_app_raises_is_raised(tmp_path: Path) -> None:
    """By the server that runs it, once: its error page, its log; nothing of ours is sent."""
    calls: list[str] = []

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        calls.append(scope["type"])
        raise ValueError("a bug of the app")

    app = wrapped(failing, tmp_path)
    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="a bug of the app")):
        async with visiting(cast("App", app), body=request_body("Why?")) as visit:
            pass
    await app.aclose()

    assert visit.status is None
    assert calls == ["http"]


async def test_the_apps_own_errors_pass_and_are_not_kept(tmp_path: Path) -> None:
    """Status and body as they are, each time anew."""
    count = 0

    async def chat(_: Request) -> fastapi.Response:
        nonlocal count
        count += 1
        return JSONResponse({"error": {"message": f"no {count}"}}, status_code=500)

    app = Starlette(routes=[Route(CHAT, chat, methods=["POST"])])
    async with living(wrapped(app, tmp_path)) as served:
        got = [await fetch(served, body=request_body("Why?")) for _ in range(2)]

    assert [(one.status, one.error["message"]) for one in got] == [(500, "no 1"), (500, "no 2")]


async def test_work_after_the_answer_is_finished(tmp_path: Path) -> None:
    """A framework's background task runs, and the end of the server waits for it."""
    done: list[str] = []
    go_on = asyncio.Event()

    async def later() -> None:
        await go_on.wait()
        done.append("later")

    async def chat(request: Request) -> fastapi.Response:
        await request.body()
        answer = fastapi.Response(whole("Hi.").pieces[0], media_type="application/json")
        answer.background = fastapi.BackgroundTasks()
        answer.background.add_task(later)
        return answer

    app = Starlette(routes=[Route(CHAT, chat, methods=["POST"])])
    async with living(wrapped(app, tmp_path)) as served:
        got = await fetch(served, body=request_body("Hi?"))
        assert (got.is_whole, done) == (True, [])
        go_on.set()

    assert done == ["later"]


async def test_a_wrong_config_is_told_when_the_app_is_made() -> None:
    """Not by the first request."""
    with pytest.raises(ConfigError, match="did you mean"):
        SparinglyMiddleware(of_starlette(Model()), {"cache": {"thresold": 1}})
