"""The error tree says whose fault it was."""

import re

import pytest

from sparingly import errors
from sparingly.errors import ConfigError, InvalidRequest, RequestError, SparinglyError, UpstreamBroke

EVERY = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SparinglyError)),
    key=lambda kind: kind.__name__,
)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class, beneath its parent: depth by depth."""
    depths: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│ ]*(?:├── |└── )?)([A-Z]\w+)", line)
        if found is not None:
            depths.append((len(found[1]) // 4, found[2]))
    drawn = {}
    for place, (depth, name) in enumerate(depths):
        parents = [other for level, other in depths[:place] if level == depth - 1]
        drawn[name] = parents[-1] if parents else "Exception"

    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in EVERY if kind.__base__ is not None}


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_has_a_code_for_headers_and_metrics(kind: type[SparinglyError]) -> None:
    """A slug, and no other branch's: only a parent may share its code with its children."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    sharing = [other for other in EVERY if other.code == kind.code]
    assert all(issubclass(other, kind) or issubclass(kind, other) for other in sharing)


def test_an_error_carries_its_message() -> None:
    """As it was written, for logs and clients alike."""
    error = UpstreamBroke("the provider broke off")

    assert (error.message, str(error)) == ("the provider broke off", "the provider broke off")


def test_a_clients_error_names_the_field() -> None:
    """Where there is one."""
    assert InvalidRequest("`n` must be 1", field="n").field == "n"
    assert RequestError("the body is not JSON").field is None


@pytest.mark.parametrize(
    ("path", "message"), [("cache.threshold", "cache.threshold: too high"), ("", "too high")]
)
def test_a_config_error_begins_with_its_place(path: str, message: str) -> None:
    """One clear line for the operator."""
    error = ConfigError("too high", path=path)

    assert (error.message, error.path) == (message, path)
