"""Tests of `sparingly.upstreams.simulated_script`."""

import json

import pytest

from sparingly.upstreams.simulated_script import BadScript, Line, ScriptedCall, ScriptedTurn, scripted

READ = {"text": "I look.", "tools": [{"name": "read", "input": {"path": "a"}}]}
SAY = {"text": "It says: {result}"}


def goal(*turns: object) -> Line:
    return Line("user", f"Do it.\n```simulate\n{json.dumps(turns)}\n```\nThanks.")


def test_turns_are_played_one_after_the_other() -> None:
    """Counted by what the model has said since the script; results are told."""
    said, result = Line("assistant", "I look."), Line("tool", "hello")

    first = scripted([goal(READ, SAY)], offered={"read"})
    second = scripted([goal(READ, SAY), said, result], offered={"read"})
    third = scripted([goal(READ, SAY), said, result, Line("assistant", "It says: hello")], offered={"read"})

    assert first == ScriptedTurn("I look.", tools=(ScriptedCall("read", {"path": "a"}),))
    assert second == ScriptedTurn("It says: hello")
    assert third is None


def test_only_the_newest_results_are_told() -> None:
    """Earlier ones have been seen."""
    lines = [goal(READ, READ, SAY), Line("assistant", ""), Line("tool", "old"), Line("assistant", "")]

    turn = scripted([*lines, Line("tool", "a"), Line("tool", "b")], offered={"read"})

    assert turn == ScriptedTurn("It says: a\nb")


def test_the_newest_script_counts() -> None:
    """A conversation may hold several tasks."""
    lines = [goal(READ), Line("assistant", "Done."), goal({"text": "two"})]

    assert scripted(lines, offered={"read"}) == ScriptedTurn("two")


def test_a_turn_whose_tools_are_not_offered_is_not_played() -> None:
    """The same words come in side requests without tools."""
    assert scripted([goal(READ)], offered=()) is None


@pytest.mark.parametrize("lines", [[], [Line("user", "Hi")], [Line("assistant", "```simulate\n[]\n```")]])
def test_without_a_script_nothing_is_played(lines: list[Line]) -> None:
    """Only a user's words are one."""
    assert scripted(lines, offered=()) is None


@pytest.mark.parametrize("turns", ['{"text": "a"}', "[1]", "[", '[{"tools": [{}]}]'])
def test_a_script_that_makes_no_sense_is_told(turns: str) -> None:
    """Whoever wrote it wants to know."""
    with pytest.raises(BadScript):
        scripted([Line("user", f"```simulate\n{turns}\n```")], offered=())
