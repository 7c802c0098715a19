"""YAML as people mean it: on is a word, a key is written once, every complaint has a line."""

import pytest

from sparingly.config.yaml_text import parse
from sparingly.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("true", True),
        ("False", False),
        ("1", 1),
        ("-7", -7),
        ("0", 0),
        ("50_000", 50_000),
        ("010", "010"),
        ("22:30", "22:30"),
        ("0.97", 0.97),
        (".5", 0.5),
        ("1e6", 1e6),
        ("1.5e-3", 0.0015),
        (".inf", float("inf")),
        ("2026-11-21", "2026-11-21"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("gpt-4.1", "gpt-4.1"),
        ("2024.05.13", "2024.05.13"),
    ],
)
def test_scalars_are_resolved_by_the_core_schema(written: str, value: object) -> None:
    """YAML 1.1 would make booleans of on and off, and numbers of 22:30 and 010."""
    document = parse(f"key: {written}\n", source="f")

    assert document.values == {"key": value}
    # True equals 1 in Python and never in a config.
    assert repr(document.values) == repr({"key": value})


def test_every_path_has_its_line() -> None:
    """A complaint can name the line of what it complains about."""
    document = parse("a:\n  b: 1\n  c:\n    - x\n    - {d: 2}\n", source="f")

    assert document.lines == {"": 1, "a": 1, "a.b": 2, "a.c": 3, "a.c[0]": 4, "a.c[1]": 5, "a.c[1].d": 5}


def test_a_key_written_twice_is_a_problem_with_both_lines() -> None:
    """The last one would win silently."""
    document = parse("cache:\n  k: 1\n  ttl_s: 1\n  k: 2\n", source="f")

    assert [(p.path, p.message) for p in document.problems] == [
        ("cache.k", "written twice, on line 2 and on line 4")
    ]


def test_merged_keys_are_not_written_twice() -> None:
    """`<<` may bring what is overridden beside it."""
    text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, x: 3}\n"

    document = parse(text, source="f")

    assert document.problems == []
    assert document.values == {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 3, "y": 2}}


def test_an_alias_that_contains_itself_ends() -> None:
    """The survey visits a node once."""
    document = parse("a: &a\n  b: *a\n", source="f")

    assert isinstance(document.values, dict)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [1\nb: 2", "f is not YAML: expected ',' or ']', but got ':' (line 2, column 2)"),
        ("a: b: c", "f is not YAML: mapping values are not allowed here (line 1, column 5)"),
        ("a: 1\n--- \nb: 2", "f is not YAML: but found another document (line 2, column 1)"),
        ("a: *b", "f is not YAML: found undefined alias 'b' (line 1, column 4)"),
        ("a: \x07", "f is not YAML: unacceptable character #x0007: special characters are not allowed"),
        ("a: !!int x", "f is not YAML: "),
        ("a: !!bool x", "f is not YAML: "),
        ("a: " + "[" * 600, "f is not YAML: it is nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_one_line_with_its_place(text: str, complaint: str) -> None:
    """No traceback, and the line an editor can jump to."""
    with pytest.raises(ConfigError) as caught:
        parse(text, source="f")

    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: !!python/name:os.system x", "a: !!set {b}", "a: !secret x"])
def test_foreign_tags_are_refused(text: str) -> None:
    """A config holds plain values; nothing is built from it."""
    document = parse(text, source="f")

    assert document.values is None
    assert "is not supported" in document.problems[0].message


def test_a_key_that_is_a_list_is_a_problem() -> None:
    """Keys are names."""
    document = parse("? [a, b]\n: 1\n", source="f")

    assert [p.message for p in document.problems] == ["a key must be text (line 1)"]


def test_nothing_but_comments_is_no_value() -> None:
    """It is for the loader to say what an empty config means."""
    assert parse("# nothing\n", source="f").values is None
