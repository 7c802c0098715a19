"""Read a routing outcome table: which model did how well on which prompt, for how much.

A folder with two files, plain or gzipped: `prompts.csv` (id, group, prompt) and
`outcomes.csv` (id, model, score, cost_usd; further columns are left alone).
Every prompt has every model exactly once.

Rule: a table that is not whole is refused, with file, line and reason.  A missing
outcome that is filled in or skipped would favor some model, and nobody would see it.
"""

import csv
import gzip
import io
import math
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.errors import StartupError

_PROMPT_COLUMNS = ("id", "group", "prompt")
_OUTCOME_COLUMNS = ("id", "model", "score", "cost_usd")
# A model that so few of the prompts have is a slip of the pen, not a model with gaps.
_RARE = 0.5


class OutcomeTable(msgspec.Struct, frozen=True, eq=False):
    """Scores (0 to 1) and costs in dollars, a row a prompt and a column a model."""

    models: tuple[str, ...]
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    prompts: tuple[str, ...]
    scores: npt.NDArray[np.float64]
    costs: npt.NDArray[np.float64]


class _Row(msgspec.Struct, frozen=True):
    line: int
    values: Mapping[str, str]


def read_table(folder: Path) -> OutcomeTable:
    """Read a folder's two files.

    Raises:
        StartupError: a file is missing or not whole; says which, where and why.
    """
    if not folder.is_dir():
        raise StartupError(f"{folder} is no folder; a routing table is one with prompts.csv and outcomes.csv")
    prompts_path, outcomes_path = _found(folder, "prompts.csv"), _found(folder, "outcomes.csv")
    prompts = _read_prompts(prompts_path)
    outcomes = _read_outcomes(outcomes_path, prompts)
    models = _models(outcomes, len(prompts), outcomes_path)
    _check_whole(outcomes, prompts, models, outcomes_path)
    scores = np.array([[outcomes[one, model][1] for model in models] for one in prompts])
    costs = np.array([[outcomes[one, model][2] for model in models] for one in prompts])
    return OutcomeTable(
        models=models,
        ids=tuple(prompts),
        groups=tuple(group for group, _ in prompts.values()),
        prompts=tuple(prompt for _, prompt in prompts.values()),
        scores=scores,
        costs=costs,
    )


def rows_of(table: OutcomeTable, rows: Sequence[int] | npt.NDArray[np.intp]) -> OutcomeTable:
    """Some of the prompts, in the order given."""
    at = np.asarray(rows, dtype=np.intp)
    return OutcomeTable(
        models=table.models,
        ids=tuple(table.ids[row] for row in at),
        groups=tuple(table.groups[row] for row in at),
        prompts=tuple(table.prompts[row] for row in at),
        scores=table.scores[at],
        costs=table.costs[at],
    )


def _found(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise StartupError(f"{folder} has neither {name} nor {name}.gz")


def _read_prompts(path: Path) -> dict[str, tuple[str, str]]:
    """Group and text by id, in the order of the file."""
    prompts: dict[str, tuple[str, str]] = {}
    for row in _rows(path, _PROMPT_COLUMNS):
        one = row.values["id"]
        if one in prompts:
            raise _wrong(path, row, f"the id {one!r} stands here for the second time")
        if not row.values["prompt"].strip():
            raise _wrong(path, row, f"the prompt {one!r} is empty")
        prompts[one] = row.values["group"], row.values["prompt"]
    if not prompts:
        raise StartupError(f"{path} has no prompts")
    return prompts


def _read_outcomes(
    path: Path, prompts: Mapping[str, object]
) -> dict[tuple[str, str], tuple[int, float, float]]:
    """Line, score and cost by prompt and model."""
    outcomes: dict[tuple[str, str], tuple[int, float, float]] = {}
    for row in _rows(path, _OUTCOME_COLUMNS):
        one, model = row.values["id"], row.values["model"]
        if one not in prompts:
            raise _wrong(path, row, f"there is no prompt {one!r}")
        if not model:
            raise _wrong(path, row, "the model has no name")
        if (one, model) in outcomes:
            raise _wrong(path, row, f"a second outcome of {model} for the prompt {one!r}")
        score = _number(path, row, "score")
        if not 0.0 <= score <= 1.0:
            raise _wrong(path, row, f"score is {row.values['score']}, it must be from 0 to 1")
        cost = _number(path, row, "cost_usd")
        if cost < 0.0:
            raise _wrong(path, row, f"cost_usd is {row.values['cost_usd']}, it cannot be negative")
        outcomes[one, model] = row.line, score, cost
    return outcomes


def _models(
    outcomes: Mapping[tuple[str, str], tuple[int, float, float]], prompts: int, path: Path
) -> tuple[str, ...]:
    """The models in alphabetical order."""
    counts = Counter(model for _, model in outcomes)
    for model, count in sorted(counts.items()):
        if count < _RARE * prompts:
            line = min(place[0] for (_, named), place in outcomes.items() if named == model)
            raise StartupError(
                f"{path}, line {line}: unknown model {model!r}: only {count} of {prompts} prompts have it"
            )
    if len(counts) < 2:
        raise StartupError(f"{path}: {len(counts)} models; it takes two to choose")
    return tuple(sorted(counts))


def _check_whole(
    outcomes: Mapping[tuple[str, str], object],
    prompts: Mapping[str, object],
    models: Sequence[str],
    path: Path,
) -> None:
    for one in prompts:
        for model in models:
            if (one, model) not in outcomes:
                raise StartupError(f"{path}: missing outcome: the prompt {one!r} has none of {model}")


def _number(path: Path, row: _Row, column: str) -> float:
    try:
        value = float(row.values[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(path, row, f"{column} is {row.values[column]!r}, not a number")
    return value


def _wrong(path: Path, row: _Row, reason: str) -> StartupError:
    return StartupError(f"{path}, line {row.line}: {reason}")


def _rows(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    """The rows with the lines they end on; a prompt may go over several."""
    # The default limit of 128 KB a field is less than some prompts; the C library's long is the most there is.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file, strict=True)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise StartupError(f"{path}, line 1: no column {', '.join(missing)}")
            for values in reader:
                if None in values or None in values.values():
                    raise StartupError(
                        f"{path}, line {reader.line_num}: not as many fields as the first line has"
                    )
                yield _Row(reader.line_num, values)
    except (csv.Error, UnicodeDecodeError, EOFError, zlib.error, OSError) as error:
        raise StartupError(f"{path} cannot be read: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
