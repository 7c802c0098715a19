"""The command that measures routing policies."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from sparingly.cli import main
from sparingly.commands.evaluate_router import needs_training, policy_table
from sparingly.errors import StartupError
from tests.routing_tables import made_table, write_table

ROW = {
    "aiqr": 0.7,
    "gap_closed": 0.123,
    "gap_closed_95": [0.1, 0.146],
    "perf_gain": 0.01,
    "cost_save": 0.5,
    "cost_save_95": [0.4, 0.6],
    "cost_save_quality_delta": -0.001,
}


def test_a_wrong_table_ends_the_command_with_file_line_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, before anything is embedded."""
    pytest.importorskip("leidenalg", reason="without the train extra the command says so first")
    table, _ = made_table(4)
    write_table(tmp_path, table)
    path = tmp_path / "outcomes.csv"
    path.write_text(path.read_text().replace("2,cheap", "99,cheap"))

    code = main(["evaluate-router", str(tmp_path)])

    assert code == 2
    assert "outcomes.csv, line 8: there is no prompt '99'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_report_is_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All policies, with the package's own embedder."""
    pytest.importorskip("leidenalg", reason="the train extra is not installed")
    table, _ = made_table(80)
    write_table(tmp_path, table)
    out = tmp_path / "report.json"

    code = main(["evaluate-router", str(tmp_path), "--seeds", "1", "--json", str(out)])

    assert code == 0
    found = json.loads(out.read_text())
    assert list(found["policies"]) == [
        "best_single",
        "static_hull",
        "knn",
        "kmeans",
        "ridge",
        "tasks",
        "default",
        "oracle",
    ]
    assert "default" in capsys.readouterr().out


def test_the_table_for_people_has_a_row_a_policy() -> None:
    """Gap and saving with their intervals, and how long routing takes where it was timed."""
    console = Console(width=160, record=True, file=None, quiet=False)
    report = {
        "seeds": 3,
        "policies": {"ridge": {**ROW, "route_us": {"p50": 90.0, "p99": 200.0}}, "oracle": ROW},
    }

    with console.capture() as shown:
        console.print(policy_table(report))

    text = shown.get()
    assert "12.3% (10.0% to 14.6%)" in text
    assert "90 / 200 µs" in text
    assert text.count("-0.10%") == 2


def test_no_split_is_no_measurement(tmp_path: Path) -> None:
    """Zero seeds are refused with the call."""
    with pytest.raises(SystemExit) as caught:
        main(["evaluate-router", str(tmp_path), "--seeds", "0"])

    assert caught.value.code == 2


def test_what_is_needed_is_named() -> None:
    """The train extra, in words that can be pasted; what is installed is no trouble."""
    needs_training("evaluate-router", packages=("numpy",))

    with pytest.raises(StartupError, match=r"needs no_such_package: pip install 'sparingly\[train\]'"):
        needs_training("evaluate-router", packages=("numpy", "no_such_package"))
