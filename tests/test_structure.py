"""The shape of the tree: where things are, how large they may get, and what may stand in them."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "sparingly"
SOURCES = sorted(PACKAGE.rglob("*.py"))
ALL_CODE = sorted(path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60

# Names that say nothing: whatever has no home ends up there.
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "types", "misc"}

# Modules without a test file of their own, and why.
WITHOUT_TWIN = {
    "__main__.py": "one line that calls cli.main",
    "commands/steering.py": "a Protocol only; the tests of remote and local check what implements it",
    "core/strategies.py": "structs without code; tests/config reads files into them, tests/core/routing acts on them",
    "core/vectors.py": "a type alias",
    "ports.py": "Protocols only; tests/contracts checks what implements them",
    "protocols/dialect.py": "Protocols and plain structs only; tests/protocols/test_dialects.py checks what implements them",
    "protocols/openai_chat/shapes.py": "tables of names; the tests of its readers and writers use them all",
    "protocols/openai_responses/shapes.py": "tables of names; the tests of its readers and writers use them all",
    "protocols/anthropic/shapes.py": "tables of names; the tests of its readers and writers use them all",
    "settings.py": "structs without code; tests/config reads files into them",
}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_imports_keep_to_the_contracts() -> None:
    """cli > bootstrap > web | replay > pipeline | adapters > protocols > ports > core > errors; core does no I/O."""
    kept = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert kept == 0


def test_no_file_is_longer_than_can_be_held_in_mind() -> None:
    """One idea a module."""
    long = [path for path in ALL_CODE if len(path.read_text().splitlines()) > MOST_LINES_OF_A_FILE]

    assert _named(long) == []


def test_no_function_is_longer_than_a_screen() -> None:
    """40 lines are the aim; 60 allow for a table."""
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]

    assert long == []


def test_every_module_has_a_name_that_says_what_it_is_for() -> None:
    """A noun for data, a verb for a step."""
    assert _named([path for path in ALL_CODE if path.stem in BANNED_NAMES]) == []


def test_every_module_says_why_it_exists() -> None:
    """In its docstring, first thing."""
    assert _named([path for path in SOURCES if not ast.get_docstring(_tree(path))]) == []


def test_packages_hold_a_docstring_and_no_code() -> None:
    """Importing a package does no work and hides no module."""
    with_code = [path for path in SOURCES if path.name == "__init__.py" and len(_tree(path).body) != 1]

    assert _named(with_code) == []


@pytest.mark.parametrize("package", ["core", "protocols"])
def test_pure_packages_never_wait(package: str) -> None:
    """What needs `await` is in a shell; what decides is a plain function."""
    waiting = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    impure = [
        path
        for path in sorted((PACKAGE / package).rglob("*.py"))
        if any(isinstance(node, waiting) for node in ast.walk(_tree(path)))
    ]

    assert _named(impure) == []


def test_every_module_has_a_test_file_of_its_own() -> None:
    """At the same place under another root, so that it is found without a search."""
    modules = [path.relative_to(PACKAGE) for path in SOURCES if path.name != "__init__.py"]
    alone = [
        str(module)
        for module in modules
        if not (ROOT / "tests" / module.parent / f"test_{module.name}").exists()
    ]

    assert sorted(set(alone) - WITHOUT_TWIN.keys()) == []


def test_exceptions_to_the_rule_of_twins_are_still_exceptions() -> None:
    """The list does not outlive its reasons."""
    stale = [
        module
        for module in WITHOUT_TWIN
        if not (PACKAGE / module).exists()
        or (ROOT / "tests" / Path(module).parent / f"test_{Path(module).name}").exists()
    ]

    assert stale == []


def test_no_file_names_a_folder_of_the_machine_it_was_made_on() -> None:
    """Neither a home nor a work folder."""
    telling = re.compile(rb"/(?:root|work|home/[a-z][\w-]*|Users/[A-Za-z][\w-]*)/(?=[\w.-])")

    assert [f"{name}: {found.decode()}" for name, found in _found_in_tracked_files(telling)] == []


def test_no_file_names_the_index_this_machine_installs_from() -> None:
    """A lock file or a README must work elsewhere."""
    places = sorted(_indexes())
    telling = re.compile(b"|".join(re.escape(place).encode() for place in places) if places else b"(?!)")

    assert [name for name, _ in _found_in_tracked_files(telling)] == []


def _found_in_tracked_files(pattern: re.Pattern[bytes]) -> Iterator[tuple[str, bytes]]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files belong to the project")
    listed = subprocess.run(  # noqa: S603 - a fixed command
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        found = pattern.search(path.read_bytes()) if path.is_file() else None
        if found is not None:
            yield name, found.group()


def _indexes() -> set[str]:
    """Hosts and folders of the package indexes in this machine's environment and settings."""
    values = [value for name, value in os.environ.items() if "INDEX" in name.upper()]
    for place in ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/.npmrc"):
        path = Path(place).expanduser()
        if path.is_file():
            values += re.findall(
                r"(?m)^[\w-]*(?:index-url|find-links|registry)\s*=\s*(.+)$", path.read_text()
            )
    urls = [urlsplit(word) for value in values for word in value.split() if "/" in word]
    return {url.hostname or url.path for url in urls} - {"/"}
