"""`sparingly calibrate-router` finds the threshold for a share of the strong model."""

import json
from pathlib import Path

import msgspec
import pytest

from sparingly.cli import main
from sparingly.config.loading import load_settings

CONFIG = """
providers: {sim: {kind: simulated, models: [sim-*]}}
# Kept as it is.
routing:
  names: {auto: frugal}
  pairs:
    frugal: {strong: sim-2, weak: sim-1, threshold: 0.5}
"""
TEXTS = [f"What is {number} plus {number}?" for number in range(12)] + [
    f"Prove that the series number {number} converges, and compare three ways to bound its remainder."
    for number in range(12)
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    return path


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["calibrate-router", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "jsonl", "log"])
def test_the_share_is_met_on_texts_and_logs(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """At most as wanted, and the threshold stands in the config when asked for."""
    path = tmp_path / "texts.jsonl"
    lines = {
        "text": TEXTS,
        "jsonl": [json.dumps({"prompt": text}) for text in TEXTS],
        "log": [json.dumps(_logged(number, text)) for number, text in enumerate(TEXTS)],
    }[kind]
    path.write_text("\n".join(lines) + "\n")

    code, out, _ = _run(
        capsys, path, "--strong-share", "0.25", "--config", config, "--json", "--write", config
    )

    told = msgspec.json.decode(out, type=dict[str, float | str])
    assert code == 0
    assert (told["requests"], told["unscored"], told["share"]) == (24, 0, 0.25)
    written = load_settings(config, {}).routing.pairs["frugal"].threshold
    assert written == pytest.approx(told["threshold"], abs=1e-6)
    assert "# Kept as it is." in config.read_text()


@pytest.mark.slow
def test_without_a_log_the_packages_examples_are_taken(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And that is said."""
    code, out, _ = _run(capsys, "--strong-share", "0.3", "--config", config)

    assert code == 0
    assert "routing.pairs.frugal.threshold: 0." in out
    assert "not your traffic" in " ".join(out.split())


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("providers: {sim: {kind: simulated, models: [sim-*]}}", (), "there is none to calibrate"),
        (CONFIG, ("--pair", "other"), "--pair: expected one of frugal, got other"),
        (
            CONFIG + "  classifier: {kind: llm, model: sim-1}\n",
            (),
            "use the classifier of the kind embedding",
        ),
    ],
)
def test_what_cannot_be_calibrated_is_told(
    config: Path, capsys: pytest.CaptureFixture[str], text: str, arguments: tuple[str, ...], message: str
) -> None:
    """In one line."""
    config.write_text(text)

    code, _, err = _run(capsys, "--strong-share", "0.3", "--config", config, *arguments)

    assert code == 2
    assert message in err


def test_too_few_texts_tell_no_share(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is embedded."""
    path = tmp_path / "few.txt"
    path.write_text("One question?\n")

    code, _, err = _run(capsys, path, "--strong-share", "0.3", "--config", config)

    assert (code, "a share wants 20 or more" in err) == (1, True)


def _logged(number: int, text: str) -> dict[str, object]:
    request = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    return {"id": f"r{number}", "time": 1_000.0 + number, "request": request, "response": None}
