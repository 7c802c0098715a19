"""The README says what is true: its commands, its links, its figures."""

import re
from pathlib import Path

import pytest

from benchmarks.readme_figures import FILES, in_readme

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_figures_are_those_of_the_committed_results(path: Path) -> None:
    """`python -m benchmarks.readme_figures --write` brings them up to date."""
    text = path.read_text(encoding="utf-8")

    assert in_readme(text, FILES[path]()) == text


def test_two_commands_set_everything_up() -> None:
    """The build runs the second one as it stands."""
    commands = re.findall(r"```sh\n(python3 -m venv [^\n]+)\n```", README)

    assert len(commands) == 2
    assert commands[0].endswith("sparingly demo")
    assert "-m pytest" in commands[1]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_somewhere(target: str) -> None:
    """To a file of the project, or to a page outside."""
    assert target.startswith("https://") or (ROOT / target).exists()
