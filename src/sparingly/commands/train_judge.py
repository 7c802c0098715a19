"""`sparingly train-judge`: fit a judge from labelled pairs, for another embedder or one's own traffic."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from sparingly.errors import EmbedderError, StartupError, TextUnfit

if TYPE_CHECKING:
    from sparingly.embedders.fastembed_model import Reading

# As many as the embedder takes at a time when it serves.
_AT_ONCE = 16


def add_train_judge(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("pairs", nargs="+", type=Path, metavar="PAIRS", help="JSON Lines: a, b, same, group")
    parser.add_argument(
        "--texts", nargs="*", type=Path, default=[], metavar="QUESTIONS", help="JSON Lines: text or question"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="write the judge here")
    parser.add_argument("--embedder", default="minilm", help="as in embedder.model")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(command=_train_judge)


def _train_judge(options: argparse.Namespace) -> int:
    if find_spec("sklearn") is None:
        raise StartupError("train-judge needs scikit-learn: pip install 'sparingly[train]'")
    from sparingly.core.judging.model import dump_judge  # noqa: PLC0415 - only this command needs what follows
    from sparingly.embedders.fastembed_model import load  # noqa: PLC0415
    from sparingly.learning.judge.labelled_pairs import read_pairs, read_texts  # noqa: PLC0415
    from sparingly.learning.judge.train_judge import Material, train_judge, write_judge  # noqa: PLC0415

    material = Material(
        pairs={name_of(path): read_pairs(path) for path in options.pairs},
        texts={name_of(path): read_texts(path) for path in options.texts},
        seed=options.seed,
    )
    if not options.out.parent.is_dir():
        raise StartupError(f"cannot write {options.out}: there is no folder {options.out.parent}")
    model = load(options.embedder, threads=1)
    fitted = train_judge(
        material,
        embedder=model.name,
        embed=embedding(model),
        vocabulary=model.vocabulary(),
        tell=lambda step: print(step, file=sys.stderr, flush=True),
    )
    write_judge(options.out, dump_judge(fitted.judge))
    return 0


def name_of(path: Path) -> str:
    """The name of a file's domain: its own, without endings."""
    return path.name.split(".")[0]


class TextModel(Protocol):
    """What embeds texts that fit its window; `FastembedModel` is one."""

    window_tokens: int

    def read(self, text: str, /) -> "Reading":
        """Cut a text into word pieces; raises TextUnfit."""
        ...

    def vectors(self, readings: "Sequence[Reading]", /) -> list[npt.NDArray[np.float32]]:
        """One vector a text."""
        ...


def embedding(model: TextModel) -> Callable[[Sequence[str]], npt.NDArray[np.float32]]:
    """A function that embeds any number of texts; one that cannot be embedded has zeros."""

    def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        found: dict[int, npt.NDArray[np.float32]] = {}
        readings = {at: reading for at, text in enumerate(texts) if (reading := _fitting(model, text))}
        # Texts of one length at a time: shorter ones would be padded.
        order = sorted(readings, key=lambda at: len(readings[at].ids))
        for start in range(0, len(order), _AT_ONCE):
            batch = order[start : start + _AT_ONCE]
            found.update(zip(batch, model.vectors([readings[at] for at in batch]), strict=True))
        if not found:
            raise EmbedderError("none of the texts can be embedded")
        nothing = np.zeros_like(next(iter(found.values())))
        return np.array([found.get(at, nothing) for at in range(len(texts))], dtype=np.float32)

    return embed


def _fitting(model: TextModel, text: str) -> "Reading | None":
    try:
        reading = model.read(text)
    except TextUnfit:
        return None
    return reading if len(reading.ids) <= model.window_tokens else None
