"""Hypothesis: an answer with several calls whose pieces come in any order, as some servers send them."""

import json

from hypothesis import strategies as st

from sparingly.core.answer import Answer
from sparingly.core.chat import ToolCall
from sparingly.core.transcript import Begun, Delta, Finished, TextDelta, ToolCallBegun, ToolCallDelta
from tests.generators import cuts, json_objects

_arguments = st.one_of(
    json_objects.map(json.dumps),
    json_objects.map(lambda value: json.dumps(value, indent=1, ensure_ascii=False)),
    # What a server writes for a call without arguments.
    st.just(""),
)


@st.composite
def mixed_calls(draw: st.DrawFn) -> list[Delta]:
    """Deltas of one choice; each block's own are in order, and blocks begin in order."""
    queues: list[list[Delta]] = []
    calls = 0
    for number in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            pieces = [piece.decode() for piece in draw(cuts(draw(_arguments).encode("ascii", "replace")))]
            call: list[Delta] = [ToolCallBegun(0, calls, f"c{number}", "f")]
            queues.append(call + [ToolCallDelta(0, calls, piece) for piece in pieces if piece])
            calls += 1
        else:
            # Words are one block: nothing stands between their pieces.
            queues.append([TextDelta(0, f"words {number}", begins=True)])
    deltas: list[Delta] = [Begun("m")]
    begun = 0
    while any(queues):
        open_ones = [index for index in range(min(begun + 1, len(queues))) if queues[index]]
        index = draw(st.sampled_from(open_ones))
        begun = max(begun, index + 1)
        deltas.append(queues[index].pop(0))
    return [*deltas, Finished(0, "tool_calls")]


def blocks_of(answer: Answer) -> list[object]:
    """The blocks of the only choice, arguments as the object they are."""
    return [
        (block.id, block.name, json.loads(block.arguments or "{}")) if isinstance(block, ToolCall) else block
        for block in answer.choices[0].blocks
    ]
