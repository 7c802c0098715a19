from pathlib import Path

import pytest

from sparingly.config.editing import edited
from sparingly.config.yaml_text import parse
from sparingly.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config" / "gateway.yaml"
VALUES = {("cache", "threshold"): 0.91, ("cache", "routes", "faq", "threshold"): 0.95}


def _edited(text: str, values: dict[tuple[str, ...], float] | None = None) -> str:
    return edited(text, VALUES if values is None else values, note=["because"], source="gateway.yaml")


def test_only_the_numbers_change() -> None:
    """Comments, order and every other line of the example stay, and the note stands above the section."""
    before = EXAMPLE.read_text()

    after = _edited(before)

    changed = [
        (one, two)
        for one, two in zip(
            before.splitlines(),
            [line for line in after.splitlines() if not line.startswith("# tuned: ")],
            strict=True,
        )
        if one != two
    ]
    assert len(changed) == 2
    assert all(two.partition("#")[2] == one.partition("#")[2] for one, two in changed)
    assert "# tuned: because\ncache:\n" in after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a comment\n",
        "cache:\n",
        "cache: null\n",
        "cache: {}\n",
        "cache: {mode: observe, threshold: 0.5}",
        "cache:\n  # why\n  threshold: 0.5 # and how\n  routes:\n    faq: {threshold: 1}\n",
        "cache:\n  routes:\n    faq:\n      ttl_s: 5\nserver:\n  port: 1",
        "cache:\r\n  k: 5\r\nserver: {port: 1}\r\n",
        "{server: {port: 1}}",
        "server:\n  port: 1\n",
    ],
)
def test_any_way_to_write_a_config_can_be_edited(text: str) -> None:
    """The values are there, whatever was there stays, and editing again changes nothing."""
    before = parse(text, source="x").values or {}

    after = _edited(text)

    values = parse(after, source="x").values
    assert isinstance(values, dict)
    assert values["cache"]["threshold"] == 0.91
    assert values["cache"]["routes"]["faq"]["threshold"] == 0.95
    assert isinstance(before, dict)
    assert before.keys() <= values.keys()
    assert _edited(after) == after


def test_line_ends_stay_as_they_are() -> None:
    """A file from another system gets no mixture."""
    after = _edited("cache:\r\n  k: 5\r\n")

    assert after.count("\n") == after.count("\r\n")


def test_an_older_note_is_replaced() -> None:
    """Evidence of an earlier tuning says nothing of these numbers; other comments stay."""
    after = _edited("# mine\n# tuned: old\n# tuned: older\ncache: {k: 5}\n")

    assert "# tuned: old" not in after
    assert after.startswith("# mine\n# tuned: because\ncache:")


@pytest.mark.parametrize("name", ["gpt-4o", "a b", 'say "hi"', "null", "1.5", "ä", "on", "a: b", "#x"])
def test_a_name_is_quoted_where_it_must_be(name: str) -> None:
    """It reads back as the text it was."""
    after = _edited("cache: {k: 5}\n", {("cache", "routes", name, "threshold"): 0.9})

    assert parse(after, source="x").values == {"cache": {"k": 5, "routes": {name: {"threshold": 0.9}}}}


@pytest.mark.parametrize(
    "text",
    [
        "shared: &both {threshold: 0.5}\ncache: *both\n",
        "cache: &both {threshold: 0.5}\nother: *both\n",
        "cache: [1, 2]\n",
        "cache: {threshold: {a: 1}}\n",
    ],
)
def test_what_cannot_be_edited_safely_is_left_alone(text: str) -> None:
    """The error says what to write by hand."""
    with pytest.raises(ConfigError, match=r"set by hand: cache\.threshold: 0\.91"):
        _edited(text)


def test_a_text_that_is_no_yaml_is_refused() -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match="is not YAML"):
        _edited("cache: [")
