"""Tests of `sparingly.protocols.anthropic.in_turn`."""

import pytest

from sparingly.core.transcript import Delta, Finished, TextDelta, ToolCallBegun, ToolCallDelta
from sparingly.errors import UpstreamNonsense
from sparingly.protocols.anthropic.in_turn import InTurn

FIRST, SECOND = ToolCallBegun(0, 0, "a", "f"), ToolCallBegun(0, 1, "b", "g")


def piece(call: int, text: str) -> Delta:
    return ToolCallDelta(0, call, text)


def test_what_is_not_mixed_passes_piece_by_piece() -> None:
    """Nothing waits for anything: no burst of what came in pieces."""
    deltas: list[Delta] = [
        TextDelta(0, "a"),
        FIRST,
        piece(0, '{"x":'),
        piece(0, "1}"),
        SECOND,
        piece(1, "{}"),
        TextDelta(0, "b"),
        Finished(0, "stop"),
    ]
    turns = InTurn()

    assert [turns.add(delta) for delta in deltas] == [[delta] for delta in deltas]
    assert turns.close() == []


def test_what_waited_follows_the_piece_that_ends_the_call() -> None:
    """In the order of blocks, and then nothing waits any more."""
    turns = InTurn()
    mixed: list[Delta] = [FIRST, piece(0, "{"), SECOND, piece(1, '{"y":'), TextDelta(0, "b")]
    told = [turns.add(delta) for delta in mixed]

    assert told == [[FIRST], [piece(0, "{")], [], [], []]
    assert turns.add(piece(0, "}")) == [piece(0, "}"), SECOND, piece(1, '{"y":')]
    assert turns.add(piece(1, "2}")) == [piece(1, "2}"), TextDelta(0, "b")]
    assert turns.add(TextDelta(0, "c")) == [TextDelta(0, "c")]


def test_a_bracket_in_a_text_ends_no_call() -> None:
    """Only a whole object does."""
    turns = InTurn()
    told = [turns.add(delta) for delta in (FIRST, piece(0, '{"x":"}'), SECOND, piece(0, "}"))]

    assert told[2:] == [[], [piece(0, "}")]]
    assert turns.add(piece(0, '"}')) == [piece(0, '"}'), SECOND]


@pytest.mark.parametrize("arguments", ["", '{"x":'])
def test_a_call_that_is_never_whole_ends_with_the_answer(arguments: str) -> None:
    """Broken arguments and missing ones: more may come until the end."""
    turns = InTurn()
    for delta in (FIRST, piece(0, arguments), SECOND, piece(1, "{}")):
        turns.add(delta)

    assert turns.close() == [SECOND, piece(1, "{}")]


def test_several_calls_that_are_never_whole_end_in_order() -> None:
    """Each as if the others were not."""
    turns = InTurn()
    third = ToolCallBegun(0, 2, "c", "h")
    for delta in (FIRST, SECOND, third, piece(2, "{"), piece(1, "{"), piece(0, "{")):
        turns.add(delta)

    assert turns.close() == [SECOND, piece(1, "{"), third, piece(2, "{")]


def test_a_call_that_goes_on_after_its_end_makes_no_sense() -> None:
    """Its block is closed; blanks say nothing."""
    turns = InTurn()
    for delta in (FIRST, piece(0, "{}"), SECOND):
        turns.add(delta)

    assert turns.add(piece(0, " \n")) == []
    with pytest.raises(UpstreamNonsense, match="were complete"):
        turns.add(piece(0, '{"x":1}'))
