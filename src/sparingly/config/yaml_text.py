"""Read YAML text into plain values, with the line of every path.

It resolves scalars as YAML 1.2's core schema does (https://yaml.org/spec/1.2.2,
section 10.3.2), for `cache.mode: on` must be the word `on` and `22:30` no
number: PyYAML's own YAML 1.1 makes a boolean and 1350 of them.  Digits may be
grouped as in `50_000`; `010` is text, because some read it as eight.  Keys that are written twice are problems, because the
last one would win silently.  No tag but the core schema's is accepted.
"""

import re

import msgspec
import yaml

from sparingly.config.problems import Problem, joined
from sparingly.errors import ConfigError

_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge"))


class Document(msgspec.Struct, frozen=True):
    """A file's values, the line of each path, and what is wrong with its form.

    With keys written twice the values are there all the same, so that other
    problems can be told as well.
    """

    values: object
    lines: dict[str, int]
    problems: list[Problem]


def parse(text: str, *, source: str) -> Document:
    """Read a document.

    Raises:
        ConfigError: the text is not YAML.
    """
    try:
        loader = _CoreLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(None, {}, [])
        survey = _Survey()
        survey.visit(node, "")
        values = loader.construct_document(node) if survey.is_sound else None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{source} is not YAML: {_explained(error)}") from error
    except (yaml.YAMLError, ValueError, KeyError) as error:
        # The reader's complaint about characters, and a `!!int` or `!!bool` before something else.
        raise ConfigError(f"{source} is not YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise ConfigError(f"{source} is not YAML: it is nested too deeply") from error
    return Document(values, survey.lines, survey.problems)


class _CoreLoader(yaml.SafeLoader):
    """SafeLoader with the core schema instead of YAML 1.1's."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's way: a class table that add_implicit_resolver fills


for _name, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+."),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    _CoreLoader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), list(_first))


class _Survey:
    """Walks the node tree once: lines of paths, keys written twice, foreign tags."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []
        self.is_sound = True
        """Whether plain values can be made of the nodes."""
        self._seen: set[int] = set()

    def visit(self, node: yaml.Node, path: str) -> None:
        # An aliased node is reported where it is written, once: aliases may form loops.
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        self.lines.setdefault(path, node.start_mark.line + 1)
        if node.tag not in _TAGS:
            self._refuse(path, f"the tag {node.tag.replace(_TAG, '!!')} is not supported")
        match node:
            case yaml.MappingNode():
                self._visit_mapping(node, path)
            case yaml.SequenceNode():
                for index, item in enumerate(node.value):
                    self.visit(item, joined(path, index))
            case _:
                pass

    def _visit_mapping(self, node: yaml.MappingNode, path: str) -> None:
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(path, f"a key must be text (line {key.start_mark.line + 1})")
                continue
            line = key.start_mark.line + 1
            here = joined(path, key.value)
            if key.value in first:
                self.problems.append(
                    Problem(here, f"written twice, on line {first[key.value]} and on line {line}")
                )
            first.setdefault(key.value, line)
            self.lines.setdefault(here, line)
            self.visit(value, here)

    def _refuse(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))
        self.is_sound = False


def _explained(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    reason = error.problem or error.context or "it cannot be read"
    return reason if mark is None else f"{reason} (line {mark.line + 1}, column {mark.column + 1})"
