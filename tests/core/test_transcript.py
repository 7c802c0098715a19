"""Tests of `sparingly.core.transcript`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparingly.core.answer import Answer, Choice, Usage
from sparingly.core.chat import Json, Opaque, Refusal, Text, Thinking, ToolCall
from sparingly.core.transcript import (
    AnswerExtra,
    Begun,
    ChoiceExtra,
    Delta,
    Finished,
    LogprobsDelta,
    MessageExtra,
    OpaqueDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegun,
    ToolCallDelta,
    UsageTold,
    fold,
    has_content,
    unfold,
)
from tests.generators import answers, words


@pytest.mark.slow
@settings(deadline=None)
@given(answers(), st.none() | st.integers(1, 7))
def test_folding_what_was_unfolded_gives_the_same_answer(answer: Answer, piece_chars: int | None) -> None:
    """The law: whatever an answer holds and however it is cut, nothing is lost or moved."""
    assert fold(unfold(answer, piece_chars=piece_chars)) == answer


@given(st.lists(words, max_size=6), st.sampled_from([TextDelta, RefusalDelta, ThinkingDelta]))
def test_how_a_text_is_cut_does_not_matter(
    pieces: list[str], kind: type[TextDelta | RefusalDelta | ThinkingDelta]
) -> None:
    """Folding pieces gives what folding their sum gives, for every kind of text."""
    cut = [kind(0, piece) for piece in pieces]
    whole = [kind(0, "".join(pieces))]

    assert fold([*cut, Finished(0, "stop")]) == fold([*whole, Finished(0, "stop")])


def test_no_piece_is_longer_than_asked() -> None:
    """Texts and arguments are cut; a text that fits stays in one piece."""
    answer = _answer(Text("abcdefg"), ToolCall("call_1", "f", '{"a":1}'), Text("xy"))

    deltas = unfold(answer, piece_chars=3)

    assert [d.text for d in deltas if isinstance(d, TextDelta)] == ["abc", "def", "g", "xy"]
    assert [d.arguments for d in deltas if isinstance(d, ToolCallDelta)] == ['{"a', '":1', "}"]


def test_choices_and_calls_may_be_mixed() -> None:
    """What belongs together says so by its numbers; choices come out in order."""
    deltas: list[Delta] = [
        Begun("m"),
        TextDelta(1, "two"),
        ToolCallBegun(0, 0, "call_a", "f"),
        ToolCallBegun(0, 1, "call_b", "g"),
        ToolCallDelta(0, 1, "{}"),
        TextDelta(1, " words"),
        ToolCallDelta(0, 0, '{"x"'),
        Finished(1, "stop"),
        ToolCallDelta(0, 0, ":1}"),
        Finished(0, "tool_calls"),
    ]

    answer = fold(deltas)

    assert answer.choices == (
        Choice(0, (ToolCall("call_a", "f", '{"x":1}'), ToolCall("call_b", "g", "{}")), "tool_calls"),
        Choice(1, (Text("two words"),), "stop"),
    )


def test_blocks_keep_their_order() -> None:
    """Words after a call are a block of their own."""
    answer = fold(
        [
            ThinkingDelta(0, "hm"),
            ThinkingDelta(0, "", signature="sig"),
            TextDelta(0, "before"),
            ToolCallBegun(0, 0, "call_1", "f"),
            TextDelta(0, "after"),
            RefusalDelta(0, "no"),
        ]
    )

    assert answer.choices[0].blocks == (
        Thinking("hm", "sig"),
        Text("before"),
        ToolCall("call_1", "f", ""),
        Text("after"),
        Refusal("no"),
    )


def test_nothing_opens_no_block() -> None:
    """Streams begin with empty pieces; they are no content."""
    answer = fold([TextDelta(0, ""), RefusalDelta(0, ""), Finished(0, "stop")])

    assert answer.choices[0].blocks == ()


def test_an_opaque_part_in_pieces_becomes_one() -> None:
    """Audio arrives so: text and lists grow, names and numbers are replaced."""
    pieces = (
        '{"type":"audio","audio":{"id":"a","data":"AA"}}',
        '{"type":"audio","audio":{"data":"BB","expires_at":9}}',
    )

    answer = fold([OpaqueDelta(0, Json(piece)) for piece in pieces])

    whole = '{"audio":{"data":"AABB","expires_at":9,"id":"a"},"type":"audio"}'
    assert answer.choices[0].blocks == (Opaque(Json(whole)),)


def test_unknown_fields_are_put_together() -> None:
    """Those of the message grow like text, those of choice and answer are replaced."""
    answer = fold(
        [
            AnswerExtra(Json('{"tier":"a","fp":"1"}')),
            AnswerExtra(Json('{"fp":"2"}')),
            MessageExtra(0, Json('{"note":"ab"}')),
            MessageExtra(0, Json('{"note":"cd"}')),
            ChoiceExtra(0, Json('{"safe":"low","ids":[1]}')),
            ChoiceExtra(0, Json('{"safe":"high","ids":[2]}')),
            LogprobsDelta(0, Json('{"content":[1]}')),
            LogprobsDelta(0, Json('{"content":[2]}')),
        ]
    )

    assert answer.extra == '{"fp":"2","tier":"a"}'
    assert answer.choices[0].message_extra == '{"note":"abcd"}'
    assert answer.choices[0].extra == '{"ids":[1,2],"safe":"high"}'
    assert answer.choices[0].logprobs == '{"content":[1,2]}'


def test_the_last_count_of_tokens_stands() -> None:
    """Counts are cumulative: added up they would be paid twice."""
    answer = fold([Begun("m"), UsageTold(Usage(5, 1)), UsageTold(Usage(5, 9))])

    assert answer.usage == Usage(5, 9)


def test_a_model_told_late_is_the_model() -> None:
    """Azure's first chunk names no model."""
    assert fold([Begun(""), Begun("gpt-4o"), Begun("")]).model == "gpt-4o"


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        (Begun("m"), False),
        (TextDelta(0, ""), False),
        (MessageExtra(0, Json("{}")), False),
        (UsageTold(Usage()), False),
        (Finished(0, "stop"), False),
        (ThinkingDelta(0, "", signature="s"), False),
        (TextDelta(0, "a"), True),
        (ThinkingDelta(0, "a"), True),
        (RefusalDelta(0, "a"), True),
        (ToolCallBegun(0, 0, "call_1", "f"), True),
        (OpaqueDelta(0, Json("{}")), True),
    ],
)
def test_content_has_begun_when_a_client_would_miss_it(delta: Delta, *, expected: bool) -> None:
    """Roles, counts and empty pieces can be thrown away for another provider's stream; words cannot."""
    assert has_content([Begun("m"), delta]) is expected


def _answer(*blocks: Text | ToolCall) -> Answer:
    return Answer("m", (Choice(0, blocks, "stop"),))
