"""compose.yaml, the Dockerfile and the config agree; no Docker engine is needed to see that.

What only an engine can show - that the images build and start - is not tested here.
"""

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml

from sparingly.config.loading import load_settings, missing_secrets
from sparingly.settings import Settings

ROOT = Path(__file__).parents[1]


class Service(msgspec.Struct):
    """What these tests read of a service."""

    image: str | None = None
    build: str | None = None
    command: list[str] = []
    environment: dict[str, str] = {}
    ports: list[str] = []
    expose: list[str] = []
    volumes: list[str] = []
    depends_on: dict[str, dict[str, str]] = {}
    healthcheck: dict[str, object] = {}
    stop_grace_period: str = "10s"


class Compose(msgspec.Struct):
    """And of the whole file."""

    services: dict[str, Service]
    volumes: dict[str, object | None]


@pytest.fixture
def compose() -> Compose:
    return msgspec.convert(yaml.safe_load((ROOT / "compose.yaml").read_text()), Compose)


@pytest.fixture
def gateway(compose: Compose) -> Service:
    return compose.services["gateway"]


@pytest.fixture
def settings(gateway: Service) -> Settings:
    return load_settings(_mounted_config(gateway), {})


@pytest.fixture
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def _mounted_config(gateway: Service) -> Path:
    inside = gateway.command[gateway.command.index("--config") + 1]
    (outside,) = [volume.split(":")[0] for volume in gateway.volumes if volume.split(":")[1] == inside]
    return ROOT / outside


def test_mounted_files_exist(compose: Compose) -> None:
    """Docker would make a folder of a missing one."""
    mounted = [
        volume.split(":")[0]
        for service in compose.services.values()
        for volume in service.volumes
        if volume.startswith(".")
    ]

    assert mounted
    assert all((ROOT / path).is_file() for path in mounted)


def test_named_volumes_are_declared_and_used(compose: Compose) -> None:
    """Data outlives a container."""
    used = {
        volume.split(":")[0]
        for service in compose.services.values()
        for volume in service.volumes
        if not volume.startswith(".")
    }

    assert used == set(compose.volumes)


def test_the_gateway_keeps_its_data_in_a_volume(
    gateway: Service, settings: Settings, dockerfile: str
) -> None:
    """And the image gives that folder to the user it runs as."""
    targets = [volume.split(":")[1] for volume in gateway.volumes]

    assert settings.data_dir in targets
    assert f"install -d -o sparingly -g sparingly -m 0700 {settings.data_dir}" in dockerfile


def test_the_published_port_is_the_one_the_gateway_listens_on(
    gateway: Service, settings: Settings, dockerfile: str
) -> None:
    """On this machine only, as long as no key is asked for."""
    (published,) = gateway.ports
    address, _, inside = published.split(":")

    assert int(inside) == settings.server.port
    assert settings.server.host == "0.0.0.0"  # noqa: S104 - within a container
    assert address == "127.0.0.1" or settings.server.keys_env is not None
    assert f"EXPOSE {inside}" in dockerfile
    assert f'"--port", "{inside}"' in dockerfile


def test_both_health_checks_of_the_gateway_ask_its_readiness(
    gateway: Service, settings: Settings, dockerfile: str
) -> None:
    """The image's and the service's."""
    url = f"http://127.0.0.1:{settings.server.port}/readyz"

    assert url in " ".join(map(str, _test(gateway)))
    assert url in dockerfile.partition("HEALTHCHECK")[2]


def test_the_store_is_the_service_that_the_config_names(compose: Compose, settings: Settings) -> None:
    """By name and by both ports."""
    url = urlsplit(settings.store.url or "")

    assert settings.store.kind == "qdrant"
    store = compose.services[str(url.hostname)]
    assert {str(url.port), str(settings.store.grpc_port)} <= set(store.expose)
    assert f"/dev/tcp/127.0.0.1/{url.port}" in " ".join(map(str, _test(store)))


def test_the_gateway_waits_until_the_store_is_healthy(compose: Compose, settings: Settings) -> None:
    """Every service has a health check, so that waiting means something."""
    host = str(urlsplit(settings.store.url or "").hostname)

    assert compose.services["gateway"].depends_on == {host: {"condition": "service_healthy"}}
    assert all("test" in service.healthcheck for service in compose.services.values())


def test_the_server_is_of_the_clients_minor_version(compose: Compose) -> None:
    """The client complains about more than one minor version of difference."""
    pins = re.findall(r'"qdrant-client>=(\d+\.\d+)', (ROOT / "pyproject.toml").read_text())
    image = compose.services["qdrant"].image or ""

    assert re.fullmatch(rf"qdrant/qdrant:v{re.escape(pins[0])}\.\d+", image)


def test_every_variable_the_config_may_read_is_passed_on(gateway: Service, settings: Settings) -> None:
    """Keys come from the environment, none is written down."""
    named = {settings.server.keys_env, settings.store.key_env} - {None}
    named |= set(re.findall(r"\w+_env: (\w+)", _mounted_config(gateway).read_text()))
    named |= {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"}

    assert named == set(gateway.environment)
    assert all(value == f"${{{name}:-}}" for name, value in gateway.environment.items())


def test_variables_that_are_passed_on_empty_count_as_not_set(gateway: Service) -> None:
    """Without any key it starts, and simulates."""
    environ = dict.fromkeys(gateway.environment, "")

    settings = load_settings(_mounted_config(gateway), environ)

    assert list(settings.providers) == ["simulated"]
    assert missing_secrets(settings, environ) == []


def test_stopping_takes_longer_than_draining(gateway: Service, settings: Settings) -> None:
    """Else requests under way are killed."""
    assert float(gateway.stop_grace_period.removesuffix("s")) > settings.server.drain_s


def test_the_image_runs_without_root_and_copies_what_exists(dockerfile: str) -> None:
    """A number for the user, so that an orchestrator can check it."""
    copied = [
        name
        for arguments in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for name in arguments.split()[:-1]
    ]

    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", dockerfile, re.MULTILINE)
    assert copied
    assert all((ROOT / name).exists() for name in copied)


def test_what_the_image_copies_is_not_ignored(dockerfile: str) -> None:
    """.dockerignore leaves everything else out."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    for arguments in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE):
        assert {name.removeprefix("./") for name in arguments.split()[:-1]} <= allowed


@pytest.mark.skipif(
    shutil.which("bash") is None, reason="the probe is a line of bash, and there is none here"
)
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_stores_probe_tells_ready_from_not_ready(compose: Compose, status: int | None, code: int) -> None:
    """Run here against a server that answers so, and where none listens."""
    *_, script = _test(compose.services["qdrant"])

    with _answering(status) as port:
        # Compose reads `$$` as `$`.
        probe = str(script).replace("$$", "$").replace("/6333", f"/{port}")
        found = subprocess.run(["bash", "-c", probe], check=False, capture_output=True)  # noqa: S603, S607 - our own line

    assert (found.returncode != 0) == bool(code)


def _test(service: Service) -> list[object]:
    test = service.healthcheck["test"]
    assert isinstance(test, list)
    return test


@contextmanager
def _answering(status: int | None) -> Iterator[int]:
    """A port where GET /readyz gets this status; where nobody listens if None."""
    if status is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            yield free.getsockname()[1]
        return

    answer = status

    class _Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
