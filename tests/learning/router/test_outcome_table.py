"""Reading tables of outcomes."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from sparingly.errors import StartupError
from sparingly.learning.router.outcome_table import read_table, rows_of
from tests.routing_tables import made_table, write_table

PROMPTS = "id,group,prompt\n1,a,hello\n2,a,good bye\n"
OUTCOMES = "id,model,score,cost_usd\n1,m,1,0.1\n1,n,0,0.2\n2,m,0.5,0.1\n2,n,1,0.2\n"


def _folder(tmp_path: Path, prompts: str = PROMPTS, outcomes: str = OUTCOMES) -> Path:
    (tmp_path / "prompts.csv").write_text(prompts)
    (tmp_path / "outcomes.csv").write_text(outcomes)
    return tmp_path


def test_a_table_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    """Rows in the order of the prompts, columns in that of the models' names."""
    table, _ = made_table(20)
    write_table(tmp_path, table)

    found = read_table(tmp_path)

    assert (found.models, found.ids, found.prompts, found.groups) == (
        table.models,
        table.ids,
        table.prompts,
        table.groups,
    )
    np.testing.assert_allclose(found.scores, table.scores)
    np.testing.assert_allclose(found.costs, table.costs)


def test_gzipped_files_and_further_columns_are_fine(tmp_path: Path) -> None:
    """A latency, for example."""
    (tmp_path / "prompts.csv.gz").write_bytes(gzip.compress(PROMPTS.encode()))
    lines = OUTCOMES.splitlines()
    wider = [f"{lines[0]},latency_s", *(f"{line},0.5" for line in lines[1:])]
    (tmp_path / "outcomes.csv.gz").write_bytes(gzip.compress("\n".join(wider).encode()))

    found = read_table(tmp_path)

    assert found.scores.tolist() == [[1.0, 0.0], [0.5, 1.0]]


@pytest.mark.parametrize(
    ("prompts", "outcomes", "says"),
    [
        ("id,prompt\n1,a\n", OUTCOMES, "prompts.csv, line 1: no column group"),
        (
            PROMPTS + "1,a,again\n",
            OUTCOMES,
            "prompts.csv, line 4: the id '1' stands here for the second time",
        ),
        (PROMPTS + "3,a, \n", OUTCOMES, "prompts.csv, line 4: the prompt '3' is empty"),
        (PROMPTS + "3,a\n", OUTCOMES, "prompts.csv, line 4: not as many fields"),
        ("id,group,prompt\n", OUTCOMES, "has no prompts"),
        (PROMPTS, OUTCOMES + "3,m,1,0.1\n", "outcomes.csv, line 6: there is no prompt '3'"),
        (PROMPTS, OUTCOMES + "1,m,1,0.1\n", "line 6: a second outcome of m for the prompt '1'"),
        (PROMPTS, OUTCOMES.replace("0.5", "1.5"), "line 4: score is 1.5, it must be from 0 to 1"),
        (PROMPTS, OUTCOMES.replace("0.5", "nan"), "line 4: score is 'nan', not a number"),
        (PROMPTS, OUTCOMES.replace("0.5", "good"), "line 4: score is 'good', not a number"),
        (PROMPTS, OUTCOMES.replace("0.5,0.1", "0.5,-0.1"), "line 4: cost_usd is -0.1, it cannot be negative"),
        (PROMPTS, OUTCOMES.replace("2,n,1,0.2\n", ""), "missing outcome: the prompt '2' has none of n"),
        (PROMPTS, "id,model,score,cost_usd\n1,m,1,0.1\n2,m,1,0.1\n", "1 models; it takes two to choose"),
        (PROMPTS, OUTCOMES.replace("2,m", "2,"), "line 4: the model has no name"),
    ],
)
def test_what_is_not_whole_is_refused_by_file_line_and_reason(
    tmp_path: Path, prompts: str, outcomes: str, says: str
) -> None:
    """A filled-in outcome would favor some model."""
    folder = _folder(tmp_path, prompts, outcomes)

    with pytest.raises(StartupError) as caught:
        read_table(folder)

    assert says in caught.value.message


def test_a_model_that_hardly_any_prompt_has_is_called_unknown(tmp_path: Path) -> None:
    """A slip of the pen in one line, not a model with gaps."""
    prompts = "id,group,prompt\n" + "".join(f"{number},a,text {number}\n" for number in range(5))
    outcomes = "id,model,score,cost_usd\n" + "".join(
        f"{number},{model},1,0.1\n" for number in range(5) for model in ("m", "n")
    )
    folder = _folder(tmp_path, prompts, outcomes.replace("3,n", "3,nn"))

    with pytest.raises(StartupError, match="line 9: unknown model 'nn': only 1 of 5 prompts have it"):
        read_table(folder)


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    """The folder, or the file in it."""
    with pytest.raises(StartupError, match="is no folder"):
        read_table(tmp_path / "nowhere")
    with pytest.raises(StartupError, match=r"neither prompts\.csv nor prompts\.csv\.gz"):
        read_table(tmp_path)
    (tmp_path / "outcomes.csv").write_text(OUTCOMES)
    (tmp_path / "prompts.csv.gz").write_bytes(gzip.compress(PROMPTS.encode())[:-12])
    with pytest.raises(StartupError, match=r"prompts\.csv\.gz cannot be read"):
        read_table(tmp_path)


def test_some_rows_of_a_table_keep_together() -> None:
    """Prompt, scores and costs."""
    table, _ = made_table(10)

    some = rows_of(table, [7, 2])

    assert some.ids == ("7", "2")
    assert some.scores.tolist() == table.scores[[7, 2]].tolist()
    assert some.costs.tolist() == table.costs[[7, 2]].tolist()
