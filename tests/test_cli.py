"""The command line: what it does, and one clear line and an exit code for whatever is wrong."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from sparingly.cli import main
from sparingly.ledgers.sqlite import FILE_NAME as LEDGER
from sparingly.ledgers.sqlite import SqliteLedger
from tests.gateway_process import plain_environment
from tests.ledger_entries import line as entry
from tests.replay.log_files import completion, write_log
from tests.replay.log_files import line as logged

pytestmark = pytest.mark.timeout(60)

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No keys, a home of its own, and the logging of the tests as it was afterwards."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("COLUMNS", "200")
    root = logging.getLogger()
    before = list(root.handlers), root.level
    yield
    root.handlers, root.level = before


def config(folder: Path, text: str) -> str:
    path = folder / "gateway.yaml"
    path.write_text(text)
    return str(path)


def complaint(capsys: Capture, *arguments: str, code: int = 2) -> str:
    """What stderr says of a call that fails: lines, no traceback."""
    assert main(arguments) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("sparingly: ")
    assert "Traceback" not in said.err
    return said.err.removeprefix("sparingly: ").removesuffix("\n")


def test_a_busy_port_is_one_clear_line(capsys: Capture, tmp_path: Path) -> None:
    """Before anything else is opened."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = complaint(capsys, "serve", "--port", str(port), "--data", str(tmp_path / "data"))

    assert said == f"cannot listen on 127.0.0.1:{port}: Address already in use"
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(capsys: Capture, tmp_path: Path) -> None:
    """It names the folder and the reason."""
    (tmp_path / "file").write_text("")

    said = complaint(capsys, "serve", "--port", "0", "--data", str(tmp_path / "file" / "data"))

    assert said == f"cannot write the data folder {tmp_path}/file/data: Not a directory"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cache: {treshold: 1}", 'cache.treshold: unknown key; did you mean "threshold"?'),
        ("server: {port: x}", "server.port: expected a whole number"),
        ("a: [", "gateway.yaml is not YAML"),
        ("", "is empty"),
        ("cache: {threshold: 7}", "cache.threshold"),
        ("providers: {a: {kind: openai, key_env: NOT_SET}}", "the environment variable NOT_SET is not set"),
        ("server: {keys_env: NOT_SET}", "server.keys_env: the environment variable NOT_SET is not set"),
    ],
)
def test_a_broken_config_is_one_clear_line(capsys: Capture, tmp_path: Path, text: str, said: str) -> None:
    """It names the place."""
    found = complaint(capsys, "serve", "--config", config(tmp_path, text))

    assert said in found
    assert "\n" not in found


def test_everything_wrong_with_a_config_is_said_at_once(capsys: Capture, tmp_path: Path) -> None:
    """A line each."""
    found = complaint(capsys, "check", "--config", config(tmp_path, "cache: {treshold: 1}\nfoo: 1\n"))

    assert [line.split(":")[0].strip() for line in found.splitlines()] == ["cache.treshold", "foo"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--config", "/nowhere/x.yaml"], "cannot read the config /nowhere/x.yaml: No such file"),
        (["serve", "--port", "70000"], "--port: 70000 is no port"),
        (["serve", "--upstream", "example"], "--upstream: expected a URL"),
        (["stats", "--data", "/nowhere"], "there is no ledger at /nowhere/ledger.sqlite3"),
        (["stats", "--since", "yesterday"], "--since: expected"),
    ],
)
def test_a_wrong_call_is_one_clear_line(capsys: Capture, arguments: list[str], said: str) -> None:
    """It says what was expected."""
    assert said in complaint(capsys, *arguments)


def test_a_log_that_cannot_be_read_is_one_clear_line(capsys: Capture) -> None:
    """The call was right, the work failed."""
    assert "/nowhere.jsonl: No such file" in complaint(capsys, "replay", "/nowhere.jsonl", code=1)


@pytest.mark.parametrize("arguments", [[], ["sreve"], ["serve", "--port", "x"], ["stats", "--by", "week"]])
def test_an_unknown_word_is_told_with_the_known_ones(capsys: Capture, arguments: list[str]) -> None:
    """As every command line does."""
    with pytest.raises(SystemExit) as left:
        main(arguments)

    assert left.value.code == 2
    assert "usage: sparingly" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: Capture) -> None:
    """Asked for without a command."""
    with pytest.raises(SystemExit) as left:
        main(["--version"])

    assert left.value.code == 0
    assert capsys.readouterr().out == f"sparingly {version('sparingly')}\n"


def test_check_says_what_a_config_means(capsys: Capture, tmp_path: Path) -> None:
    """Whether a key is there, and never which."""
    os.environ["CHECKED_KEY"] = "sk-secret"
    try:
        code = main(
            ["check", "--config", config(tmp_path, "providers: {a: {kind: openai, key_env: CHECKED_KEY}}")]
        )
    finally:
        del os.environ["CHECKED_KEY"]

    out = capsys.readouterr().out
    assert code == 0
    assert "CHECKED_KEY" in out
    assert "sk-secret" not in out


def test_check_without_a_config_explains_the_environment(capsys: Capture) -> None:
    """Without a key answers are made up, and it says so."""
    assert main(["check"]) == 0
    assert "simulated" in capsys.readouterr().out.lower()


async def _ledger(folder: Path) -> None:
    os.makedirs(folder)  # noqa: PTH103 - in an async test
    ledger = SqliteLedger(folder / LEDGER)
    ledger.enter(entry(id="r1", cost_nano=1_000_000_000, baseline_nano=3_000_000_000))
    ledger.enter(entry(id="r2", tenant="rival", verdict="exact", cost_nano=0, baseline_nano=3_000_000_000))
    await ledger.aclose()


@pytest.mark.anyio
async def test_stats_sum_up_the_ledger(capsys: Capture, tmp_path: Path) -> None:
    """As a table, or as JSON for scripts."""
    await _ledger(tmp_path / "data")

    assert main(["stats", "--data", str(tmp_path / "data"), "--by", "tenant"]) == 0
    table = capsys.readouterr().out
    assert main(["stats", "--data", str(tmp_path / "data"), "--by", "tenant", "--json"]) == 0
    stats = json.loads(capsys.readouterr().out)

    assert "acme" in table
    assert "rival" in table
    assert stats["by"] == "tenant"
    assert stats["total"]["requests"] == 2
    assert stats["total"]["saved_usd"] == 5.0


@pytest.mark.anyio
async def test_stats_look_into_the_configs_folder(capsys: Capture, tmp_path: Path) -> None:
    """The config's, or the user's own."""
    await _ledger(tmp_path / "there")
    await _ledger(tmp_path / "xdg" / "sparingly")

    for arguments in (["--config", config(tmp_path, "data_dir: there")], []):
        assert main(["stats", "--json", *arguments]) == 0
        assert json.loads(capsys.readouterr().out)["total"]["requests"] == 2


@pytest.mark.slow
def test_a_log_is_replayed_and_its_report_written(capsys: Capture, tmp_path: Path) -> None:
    """With the real embedder and store."""
    log = write_log(
        tmp_path,
        logged("a", 0, "How do I reset my password?", response=completion("Like this."), label="reset"),
        logged("b", 1, "How do I reset my password?", response=completion("Like this."), label="reset"),
        logged("c", 2, "Where is my invoice?", response=completion("Here."), label="invoice"),
    )
    report, decisions = tmp_path / "report.json", tmp_path / "decisions.jsonl"

    code = main(["replay", str(log), "--json", str(report), "--decisions", str(decisions)])

    found = json.loads(report.read_text())
    assert code == 0
    assert (found["version"], found["requests"], found["exact_hits"], found["right_hits"]) == (1, 3, 1, 1)
    assert found["cost_usd"]["saved"] > 0
    verdicts = [json.loads(line)["verdict"] for line in decisions.read_text().splitlines()]
    assert verdicts == ["miss", "exact", "miss"]
    assert "requests" in capsys.readouterr().out


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    """`sparingly check | head -1`."""
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "sparingly", "check"]
    try:
        done = subprocess.run(  # noqa: S603 - the command under test
            command,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env=plain_environment({"XDG_DATA_HOME": str(tmp_path)}),
            timeout=60,
            check=False,
        )
    finally:
        os.close(theirs)

    assert (done.returncode, done.stderr) == (0, b"")
