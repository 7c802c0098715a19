"""A gateway in a process of its own: how it starts, drains, stops, and comes back to what it knew."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from sparingly.errors import StartupError
from sparingly.serving import curl_line, listener
from tests.fakes.provider_server import ProviderServer
from tests.gateway_process import GatewayProcess, plain_environment
from tests.ledgers.reading import ids_in
from tests.pipeline.wire import request_body, text_of

# A process or two are started in each; on a busy machine that takes its time.
pytestmark = pytest.mark.timeout(60)
slow = pytest.mark.slow

# 60 pieces, 20 ms apart: long enough to be stopped in the middle, short enough to be waited for.
PACED = "providers: {simulated: {kind: simulated, simulation: {chunk_s: 0.02, answer_tokens: 240}}}"
# A provider that does not answer within any test.
SILENT = "providers: {simulated: {kind: simulated, simulation: {latency_s: 1000}}}"


def ask(question: str, **fields: object) -> bytes:
    return request_body(question, **fields)


def post(client: httpx.Client, question: str, **fields: object) -> httpx.Response:
    return client.post("/v1/chat/completions", content=ask(question, **fields))


def until_kept(client: httpx.Client, question: str) -> None:
    """Ask until the answer comes from the store, not from the request before that is still written back."""
    while post(client, question).headers["x-sparingly-reason"] != "same":
        pass


def test_a_busy_address_is_told_with_the_systems_own_words() -> None:
    """One line, without Python's."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            StartupError, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"
        ):
            listener("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("::ffff:1:2:3:4", 0)])
def test_an_address_that_cannot_be_had_is_told(host: str, port: int) -> None:
    """Not of this machine, or none at all."""
    with pytest.raises(StartupError, match=f"^cannot listen on {re.escape(host)}:{port}: "):
        listener(host, port)


def test_any_free_port_will_do() -> None:
    """The system chooses."""
    with closing(listener("127.0.0.1", 0)) as sock:
        assert sock.getsockname()[1] > 0


def test_the_line_to_paste_is_a_request() -> None:
    """Its body is JSON that a shell leaves alone."""
    line = curl_line("http://127.0.0.1:8787")

    body = re.search(r"-d '([^']*)'", line)
    assert body is not None
    assert json.loads(body[1])["model"] == "auto"
    assert "http://127.0.0.1:8787/v1/chat/completions" in line


@slow
def test_without_a_key_it_says_that_answers_are_made_up(tmp_path: Path) -> None:
    """It serves nevertheless, is ready once it says so, and Ctrl-C is an orderly end."""
    with GatewayProcess(tmp_path) as gateway:
        with gateway.client() as client:
            ready, answer = client.get("/readyz"), post(client, "Hello?", model="auto")
        code = gateway.stop(signal.SIGINT)

    assert gateway.told[0] == f"sparingly is listening on {gateway.url}/v1"
    assert gateway.told[1] == "provider simulated is SIMULATED: its answers are made up"
    assert gateway.told[2] == f"try: {curl_line(gateway.url)}"
    assert (ready.json()["status"], answer.status_code) == ("ready", 200)
    assert code == 0
    assert [event["event"] for event in gateway.events()] == ["request"]


@slow
def test_it_finishes_what_it_has_begun_before_it_stops(tmp_path: Path) -> None:
    """A stream under way is streamed to its end; its answer is kept and entered; nobody new is let in."""
    with GatewayProcess(tmp_path, config=PACED) as gateway:
        with (
            gateway.client() as client,
            client.stream("POST", "/v1/chat/completions", content=ask("Tell me.", stream=True)) as response,
        ):
            pieces = response.iter_bytes()
            body = next(pieces)
            gateway.signal(signal.SIGTERM)
            body += b"".join(pieces)
        code = gateway.ended()

    assert (code, gateway.is_listening()) == (0, False)
    assert body.endswith(b"data: [DONE]\n\n")
    assert ids_in(gateway.data / "ledger.sqlite3") == [response.headers["x-sparingly-id"]]
    with GatewayProcess(tmp_path, config=PACED) as again, again.client() as client:
        hit = post(client, "Tell me.")
    assert hit.headers["x-sparingly-cache"] == "exact"
    assert text_of(hit.content) == text_of(body)


@contextmanager
def waiting_in_vain(gateway: GatewayProcess) -> Iterator[socket.socket]:
    """A connection with a request that nobody answers; it has reached the gateway."""
    body = ask("Anybody?")
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    with socket.create_connection(gateway.address) as connection, gateway.client() as client:
        connection.sendall(head + body)
        while "sparingly_in_flight_requests 1.0" not in client.get("/metrics").text:
            pass
        yield connection


@slow
def test_it_does_not_wait_forever_for_what_does_not_end(tmp_path: Path) -> None:
    """After `drain_s` the rest is cut off, entered as such, and that is an orderly end."""
    config = f"{SILENT}\nserver: {{drain_s: 1}}"
    with GatewayProcess(tmp_path, config=config) as gateway, waiting_in_vain(gateway) as connection:
        code = gateway.stop()
        rest = connection.recv(65_536)

    assert (code, b"200 OK" in rest) == (0, False)
    (event,) = [one for one in gateway.events() if one["event"] == "request"]
    assert (event["status"], event["reason"]) == (503, "stopped")


@slow
def test_a_second_signal_ends_the_waiting(tmp_path: Path) -> None:
    """Somebody means it."""
    with GatewayProcess(tmp_path, config=SILENT) as gateway, waiting_in_vain(gateway):
        gateway.signal(signal.SIGTERM)
        while gateway.is_listening():
            pass
        code = gateway.stop()

    assert code == 0


@slow
def test_what_was_kept_survives_a_restart_and_a_kill(tmp_path: Path) -> None:
    """The folder is the gateway: a kill at any moment leaves it usable."""
    with GatewayProcess(tmp_path) as first, first.client() as client:
        until_kept(client, "How high is Mont Blanc?")
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with GatewayProcess(tmp_path) as second, second.client() as client:
        exact = post(client, "How high is Mont Blanc?")
        close = post(client, "How high is  Mont Blanc?")

    assert exact.headers["x-sparingly-cache"] == "exact"
    assert close.headers["x-sparingly-cache"] == "semantic"
    assert close.headers["x-sparingly-source"] == exact.headers["x-sparingly-source"]


@slow
def test_two_gateways_cannot_share_a_folder(tmp_path: Path) -> None:
    """The second says so in one line and ends; the first goes on."""
    with GatewayProcess(tmp_path) as first:
        second = subprocess.run(  # noqa: S603 - the command under test
            first.command, env=plain_environment(), capture_output=True, text=True, timeout=60, check=False
        )
        with first.client() as client:
            alive = client.get("/readyz")

    assert second.returncode == 2
    assert second.stderr.startswith("sparingly: ")
    assert str(first.data) in second.stderr
    assert second.stderr.count("\n") == 1
    assert alive.json()["status"] == "ready"


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture(scope="module")
def in_front(provider: ProviderServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The one-line setup."""
    folder = tmp_path_factory.mktemp("upstream")
    with GatewayProcess(folder, "--upstream", f"{provider.url}/v1") as gateway:
        yield gateway


@slow
def test_in_front_of_one_server_a_request_goes_on_as_it_came(
    in_front: GatewayProcess, provider: ProviderServer
) -> None:
    """Any model, byte for byte, with the client's own key; no claim that anything is simulated."""
    body = b'{ "messages":[{"content":"Hi \\u00e9","role":"user"}],\n"model" : "any/model:7b", "x":1.50 }'
    with in_front.client() as client:
        answer = client.post(
            "/v1/chat/completions", content=body, headers={"authorization": "Bearer sk-mine"}
        )

    request = provider.requests[-1]
    assert (request.method, request.path, request.body) == ("POST", "/v1/chat/completions", body)
    assert request.header("authorization") == "Bearer sk-mine"
    assert answer.json()["model"] == "any/model:7b"
    assert answer.headers["x-sparingly-cache"] == "miss"
    assert not any("SIMULATED" in line for line in in_front.told)


@slow
def test_in_front_of_one_server_the_cache_is_on(in_front: GatewayProcess, provider: ProviderServer) -> None:
    """For everyone by themselves."""
    with in_front.client() as client:
        until_kept(client, "What is a fjord?")
        asked = len(provider.requests)
        close = post(client, "What is a  fjord?")
        other = client.post(
            "/v1/chat/completions", content=ask("What is a fjord?"), headers={"x-api-key": "sk-other"}
        )

    assert close.headers["x-sparingly-cache"] == "semantic"
    assert other.headers["x-sparingly-cache"] == "miss"
    assert len(provider.requests) == asked + 1


@slow
@pytest.mark.parametrize(
    "path", ["/v1/audio/speech?x=%2F", "/v1/messages/batches", "/v1/files/a%2Fb", "/v1/completions"]
)
def test_in_front_of_one_server_any_other_path_is_relayed(
    in_front: GatewayProcess, provider: ProviderServer, path: str
) -> None:
    """As it was written."""
    with in_front.client() as client:
        answer = client.post(path, content=b"\x00 any bytes", headers={"content-type": "x/y"})

    request = provider.requests[-1]
    assert (request.path, request.body, request.header("content-type")) == (path, b"\x00 any bytes", "x/y")
    assert answer.json()["path"] == path
    assert answer.headers["x-sparingly-reason"] == "relayed"


@slow
def test_a_body_over_the_limit_is_answered_and_the_connection_lives_on(in_front: GatewayProcess) -> None:
    """A client that is still sending must not find its connection reset."""
    with in_front.client() as client:
        refused = client.post("/v1/chat/completions", content=b" " * (32 * 1024 * 1024 + 1))
        taken = client.post("/v1/chat/completions", content=b" " * 1024 * 1024 + ask("Is this large?"))

    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "body-too-large")
    assert taken.status_code == 200


@slow
def test_what_is_not_http_is_no_trouble_to_others(in_front: GatewayProcess) -> None:
    """Nor is a connection that says nothing, or leaves in the middle of a head."""
    with socket.create_connection(in_front.address) as silent:
        for noise in (
            b"\x16\x03\x01\x02\x00",
            b"GET\r\n\r\n",
            b"POST /v1/x HTTP/1.1\r\nhost: x\r\n",
            os.urandom(999),
        ):
            with socket.create_connection(in_front.address) as rude:
                rude.sendall(noise)
        with in_front.client() as client:
            assert client.get("/healthz").status_code == 200
        silent.close()


@slow
def test_an_upgrade_that_is_not_taken_is_ignored(in_front: GatewayProcess) -> None:
    """Java's client offers HTTP/2 with every request (RFC 9110, section 7.8)."""
    body = ask("Upgrade?")
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\n"
        b"upgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAA\r\ncontent-length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(in_front.address) as java:
        for _ in range(2):
            java.sendall(head + body)
            answer = b""
            while not re.search(rb"\r\n\r\n\{.*\}$", answer, re.DOTALL):
                piece = java.recv(65_536)
                assert piece, answer
                answer += piece
            assert answer.startswith(b"HTTP/1.1 200 OK")
