"""What is wrong with a config, gathered so that all of it is said at once.

A problem never shows a value that could be a secret: see `secret_words.py`.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sparingly.errors import ConfigError


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong; `path` names the place, such as `cache.routes.faq.threshold`."""

    path: str
    message: str


def joined(path: str, key: str | int) -> str:
    """The path of `key` below `path`: `models` and `gpt-4o` give `models.gpt-4o`, a list index `[0]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def config_error(
    problems: Sequence[Problem], *, source: str, lines: Mapping[str, int] | None = None
) -> ConfigError:
    """One error for all problems: the first in the first line, the others in a line each."""
    first, *others = problems
    more = f"; {len(others)} more below" if others else ""
    message = f"{first.message} ({_place(first, source, lines)}{more})"
    for problem in others:
        where = f"{problem.path}: " if problem.path else ""
        message += f"\n  {where}{problem.message} ({_place(problem, source, lines)})"
    return ConfigError(message, path=first.path)


def _place(problem: Problem, source: str, lines: Mapping[str, int] | None) -> str:
    """The line of the path, or of the nearest section around it that is written in the file."""
    path = problem.path
    while lines and path:
        if path in lines:
            return f"{source} line {lines[path]}"
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return source
