"""Set a few numbers in a config text and leave everything else as its author wrote it.

Question: how can a command write into a file that people comment and order?
Choice: only the characters of a value are replaced, or one line is added; then the
text is read again, and if anything else than the wanted values has changed, nothing is
written.  Rejected: dumping the values anew, which loses comments and order; an overlay
file, which hides from a reader of the config what is really in force.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import TypeAlias

import yaml

from sparingly.config.yaml_text import parse
from sparingly.errors import ConfigError

KeyPath: TypeAlias = tuple[str, ...]

NOTE = "# tuned: "
"""How the lines of a note begin; an older note in the same place is replaced."""


def edited(text: str, values: Mapping[KeyPath, float], *, note: Sequence[str], source: str) -> str:
    """The text with each number at its path, and the note above the section of the first.

    Raises:
        ConfigError: the text cannot be edited safely; the message says what to set by hand.
    """
    before = parse(text, source=source).values
    try:
        after = text
        for path, value in values.items():
            after = _with_value(after, path, repr(value), source)
        after = _with_note(after, next(iter(values))[0], note)
        is_safe = parse(after, source=source).values == _expected(before, values)
    except (yaml.YAMLError, ConfigError):
        # The text was in order before: anchors and aliases are what an edit in one place may break.
        is_safe, after = False, text
    if not is_safe:
        by_hand = ", ".join(f"{'.'.join(path)}: {value!r}" for path, value in values.items())
        raise ConfigError(
            f"cannot edit {source} without changing other settings in it; set by hand: {by_hand}"
        )
    return after


def _expected(before: object, values: Mapping[KeyPath, float]) -> object:
    expected = deepcopy(before) if isinstance(before, dict) else {}
    for path, value in values.items():
        section = expected
        for key in path[:-1]:
            if not isinstance(section.get(key), dict):
                section[key] = {}
            section = section[key]
        section[path[-1]] = value
    return expected


def _with_value(text: str, path: KeyPath, value: str, source: str) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return _appended(text, f"{_key(path[0])}: {_nested(path[1:], value)}")
    for depth, key in enumerate(path):
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
            # `cache:` with nothing behind it, or with a null.
            return _replaced(text, node, _nested(path[depth:], value))
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{source}: `{'.'.join(path[:depth])}` is no mapping")
        child = next((one for name, one in node.value if name.value == key), None)
        if child is None:
            return _inserted(
                text, node, f"{_key(key)}: {_nested(path[depth + 1 :], value)}", is_root=depth == 0
            )
        node = child
    if not isinstance(node, yaml.ScalarNode):
        raise ConfigError(f"{source}: `{'.'.join(path)}` is no number")
    return _replaced(text, node, value)


def _nested(path: KeyPath, value: str) -> str:
    """The rest of a path in flow style, which needs no indentation."""
    for key in reversed(path):
        value = f"{{{_key(key)}: {value}}}"
    return value


def _key(name: str) -> str:
    """A name as a key: in quotes unless it is plain letters, digits, dashes, dots and underscores."""
    is_plain = name[:1].isalpha() and all(c.isascii() and (c.isalnum() or c in "-_.") for c in name)
    reads_as_text = yaml.safe_load(name) == name if is_plain else False
    return name if reads_as_text else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _replaced(text: str, node: yaml.Node, value: str) -> str:
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    # An empty value stands right behind its colon.
    space = " " if start and text[start - 1] == ":" else ""
    return text[:start] + space + value + text[end:]


def _inserted(text: str, node: yaml.MappingNode, line: str, *, is_root: bool) -> str:
    if node.flow_style:
        start = int(node.start_mark.index) + 1
        return text[:start] + line + (", " if node.value else "") + text[start:]
    if is_root:
        return _appended(text, line)
    first = node.value[0][0].start_mark
    column = int(first.column)
    start = int(first.index) - column
    return text[:start] + " " * column + line + _newline(text) + text[start:]


def _appended(text: str, line: str) -> str:
    newline = _newline(text)
    gap = "" if not text or text.endswith("\n") else newline
    return text + gap + line + newline


def _with_note(text: str, section: str, note: Sequence[str]) -> str:
    """The lines of the note right above those of a section."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return text
    place = next(key.start_mark.line for key, _ in node.value if key.value == section)
    lines = text.splitlines(keepends=True)
    older = place
    while older and lines[older - 1].startswith(NOTE.rstrip()):
        older -= 1
    newline = _newline(text)
    lines[older:place] = [f"{NOTE}{line}{newline}" for line in note]
    return "".join(lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
