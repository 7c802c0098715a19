"""Many clients at once, and everything that may break beneath a running gateway."""

import asyncio
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import httpx
import pytest

from sparingly.settings import Simulation
from tests.fakes.provider_server import ProviderServer
from tests.gateway_process import GatewayProcess
from tests.ledgers.reading import ids_in
from tests.pipeline.wire import request_body, text_of

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(60)]

CONFIG = """\
providers:
  slow: {{kind: openai, base_url: "{slow}", models: [slow-*]}}
  paced: {{kind: openai, base_url: "{paced}", models: [paced-*]}}
  silent: {{kind: openai, base_url: "{silent}", models: [silent-*]}}
  down: {{kind: openai, base_url: "http://127.0.0.1:1", models: [down-*]}}
default_provider: silent
routing: {{retry: {{base_wait_s: 0.01}}}}
"""
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def slow() -> Iterator[ProviderServer]:
    """Slow enough for 64 requests to arrive before the first is answered."""
    with ProviderServer(Simulation(latency_s=1.0)) as server:
        yield server


@pytest.fixture(scope="module")
def paced() -> Iterator[ProviderServer]:
    with ProviderServer(Simulation(chunk_s=0.01)) as server:
        yield server


@pytest.fixture
def silent(silent_server: ProviderServer) -> ProviderServer:
    silent_server.hung_up = 0
    silent_server.requests.clear()
    return silent_server


@pytest.fixture(scope="module")
def silent_server() -> Iterator[ProviderServer]:
    with ProviderServer(Simulation(latency_s=1000.0)) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(
    slow: ProviderServer,
    paced: ProviderServer,
    silent_server: ProviderServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    config = CONFIG.format(slow=slow.url, paced=paced.url, silent=silent_server.url)
    with GatewayProcess(tmp_path_factory.mktemp("end-to-end"), config=config) as process:
        yield process


def body(question: str, model: str, **fields: object) -> bytes:
    return request_body(question, model=model, **fields)


async def all_at_once(gateway: GatewayProcess, bodies: list[bytes]) -> list[tuple[int, str, bytes]]:
    """Status, verdict and body of each, all sent at once on connections of their own."""

    async def ask(session: aiohttp.ClientSession, one: bytes) -> tuple[int, str, bytes]:
        async with session.post(gateway.url + CHAT, data=one) as response:
            return response.status, response.headers["x-sparingly-cache"], await response.read()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        return await asyncio.gather(*(ask(session, one) for one in bodies))


def eventually(gateway: GatewayProcess, holds: Callable[[], bool]) -> None:
    """Wait for something, while the gateway shows that it is alive."""
    with gateway.client() as client:
        while not holds():
            assert client.get("/healthz").status_code == 200


def reason_of(client: httpx.Client, question: str) -> str:
    """Why it was answered as it was; `same` is an answer from the store."""
    answer = client.post(CHAT, content=body(question, "paced-1"))
    assert answer.status_code == 200
    assert text_of(answer.content)
    return answer.headers["x-sparingly-reason"]


async def test_equal_requests_at_the_same_time_reach_the_provider_once(
    gateway: GatewayProcess, slow: ProviderServer
) -> None:
    """63 of 64 wait for the first one's answer."""
    got = await all_at_once(gateway, [body("Who was first?", "slow-1")] * 64)

    assert Counter((status, verdict) for status, verdict, _ in got) == {
        (200, "miss"): 1,
        (200, "exact"): 63,
    }
    assert len({text_of(answer) for _, _, answer in got}) == 1
    assert len(slow.requests) == 1


async def test_hundreds_of_streams_at_the_same_time_all_end_well(
    gateway: GatewayProcess, paced: ProviderServer
) -> None:
    """None stalls, none is lost, none gets another's words."""
    questions = [f"What is item number {number}?" for number in range(256)]
    before = len(paced.requests)

    got = await all_at_once(gateway, [body(question, "paced-1", stream=True) for question in questions])

    assert {status for status, _, _ in got} == {200}
    for question, (_, _, answer) in zip(questions, got, strict=True):
        assert answer.endswith(b"data: [DONE]\n\n")
        assert question in text_of(answer)
    assert len(paced.requests) - before == sum(verdict == "miss" for _, verdict, _ in got)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_provider_that_is_down_is_a_bad_gateway(gateway: GatewayProcess, stream: bool) -> None:  # noqa: FBT001
    """In the client's dialect; it names nobody's key and no more than the address."""
    with gateway.client() as client:
        answer = client.post(
            CHAT, content=body("Hi", "down-1", stream=stream), headers={"authorization": "Bearer sk-mine"}
        )

    error = answer.json()["error"]
    assert answer.status_code == 502
    assert (error["type"], error["code"]) == ("server_error", "upstream-unreachable")
    assert "http://127.0.0.1:1" in error["message"]
    assert "sk-mine" not in answer.text


@pytest.mark.parametrize("path", [CHAT, "/v1/realtime/calls"], ids=["asked", "relayed"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_leaving_before_the_provider_answers_hangs_up_on_it(
    gateway: GatewayProcess,
    silent: ProviderServer,
    path: str,
    stream: bool,  # noqa: FBT001
) -> None:
    """Nobody pays for what nobody waits for."""
    content = body(f"Anybody there, {path}?", "silent-1", stream=stream)
    reader, writer = await asyncio.open_connection(*gateway.address)
    writer.write(
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
    )
    await asyncio.to_thread(eventually, gateway, lambda: len(silent.requests) == 1)

    writer.close()
    await writer.wait_closed()

    await asyncio.to_thread(eventually, gateway, lambda: silent.hung_up == 1)
    del reader


async def test_leaving_in_the_middle_of_a_stream_hangs_up_on_the_provider(
    gateway: GatewayProcess, paced: ProviderServer
) -> None:
    """As soon as the connection is closed."""
    before = paced.hung_up
    with gateway.client() as client:
        content = body("Tell me a long story.", "paced-long", stream=True, max_tokens=100_000)
        with client.stream("POST", CHAT, content=content) as response:
            next(response.iter_bytes())

    await asyncio.to_thread(eventually, gateway, lambda: paced.hung_up == before + 1)


async def test_a_store_that_is_killed_costs_savings_and_comes_back(gateway: GatewayProcess) -> None:
    """Requests flow all the while; what was kept is found again."""
    with gateway.client() as client:
        while reason_of(client, "What is kept?") != "same":
            pass
        (store,) = store_processes(gateway)
        os.kill(store, signal.SIGKILL)

        for number in range(3):
            reason_of(client, f"What now, {number}?")
        while reason_of(client, "What is kept?") != "same":
            pass

    assert store_processes(gateway) != [store]


async def test_a_store_whose_folder_is_deleted_comes_back_empty(gateway: GatewayProcess) -> None:
    """Somebody cleaned up: requests flow, and answers are kept again."""
    (folder,) = gateway.data.glob("answers-*")
    with gateway.client() as client:
        while reason_of(client, "What is here?") != "same":
            pass
        shutil.rmtree(folder)
        (store,) = store_processes(gateway)
        os.kill(store, signal.SIGKILL)

        while reason_of(client, "What is here?") != "same":
            pass
        ready = client.get("/readyz").json()

    assert folder.is_dir()
    assert ready["ports"]["store"] == "ok"


async def test_every_request_has_one_line_in_the_ledger(gateway: GatewayProcess) -> None:
    """However it went; this looks back at all of the above."""
    code = gateway.stop()

    told = [event["id"] for event in gateway.events() if event["event"] == "request"]
    entered = ids_in(gateway.data / "ledger.sqlite3")
    assert code == 0
    assert len(set(entered)) == len(entered)
    assert sorted(entered) == sorted(told)


def store_processes(gateway: GatewayProcess) -> list[int]:
    """The gateway's children that serve the store."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            command = (place / "cmdline").read_bytes()
        except (OSError, ValueError):
            # It has ended meanwhile.
            continue
        if parent == gateway.pid and b"sparingly.stores.edge_worker" in command:
            found.append(int(place.name))
    return found
