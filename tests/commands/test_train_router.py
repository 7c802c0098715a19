"""The command that fits the router that serve loads."""

from pathlib import Path

import pytest

from sparingly.cli import main
from sparingly.core.routing.router_file import load_router
from sparingly.embedders.fastembed_model import load
from tests.routing_tables import MODELS, made_table, write_table


@pytest.mark.slow
def test_the_file_can_be_loaded_by_the_embedder_it_was_fitted_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And knows the table's models."""
    table, _ = made_table(80)
    write_table(tmp_path, table)
    out = tmp_path / "router.bin"

    code = main(["train-router", str(tmp_path), "--out", str(out)])

    assert code == 0
    router = load_router(out.read_bytes(), embedder=load("minilm", threads=1).name, source="f")
    assert router.models == MODELS
    assert f"wrote {out}" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_told_before_anything_is_fitted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    table, _ = made_table(80)
    write_table(tmp_path, table)

    code = main(["train-router", str(tmp_path), "--out", str(tmp_path / "no" / "router.bin")])

    assert code == 2
    assert "there is no folder" in capsys.readouterr().err
