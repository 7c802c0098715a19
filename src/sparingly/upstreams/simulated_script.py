"""Scripted conversations: what the simulated provider says turn by turn, tools included.

A user's message may hold a script, a fenced block marked `simulate` with a list
of turns in JSON:

    ```simulate
    [{"text": "Let me look.", "tools": [{"name": "read", "input": {"path": "a.txt"}}]},
     {"text": "It says: {result}"}]
    ```

The first turn answers that message, the second what comes after it, and so on;
`{result}` stands for what the tools returned since the last turn.  A turn whose
tools are not offered is not played: coding agents send the same words in side
requests without tools.  After the last turn, or without a script, answers are
made up as ever.

The script travels in the conversation and not in the config, so that many
clients and tests can share one provider.
"""

import re
from collections.abc import Container, Sequence

import msgspec

_SCRIPT = re.compile(r"```simulate\s*\n(.*?)```", re.DOTALL)
_RESULT = "{result}"


class ScriptedCall(msgspec.Struct, frozen=True):
    """A tool that is called."""

    name: str
    input: dict[str, object] = {}


class ScriptedTurn(msgspec.Struct, frozen=True):
    """What is said in one turn."""

    text: str = ""
    thinking: str = ""
    tools: tuple[ScriptedCall, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """One message of a conversation; all that a model says before others speak is one message.

    The roles that count are `user`, `assistant` and `tool`.
    """

    role: str
    text: str


class BadScript(Exception):
    """A script that cannot be read; the message says why."""


_turns = msgspec.json.Decoder(tuple[ScriptedTurn, ...])


def scripted(lines: Sequence[Line], *, offered: Container[str]) -> ScriptedTurn | None:
    """The turn that is due in a conversation; `offered` are the names of its tools.

    Raises:
        BadScript: the script is not a list of turns.
    """
    for place in range(len(lines) - 1, -1, -1):
        found = _SCRIPT.search(lines[place].text) if lines[place].role == "user" else None
        if found is not None:
            after = lines[place + 1 :]
            return _due(_read(found[1]), after, offered)
    return None


def _due(
    turns: tuple[ScriptedTurn, ...], after: Sequence[Line], offered: Container[str]
) -> ScriptedTurn | None:
    said = [place for place, line in enumerate(after) if line.role == "assistant"]
    if len(said) >= len(turns):
        return None
    turn = turns[len(said)]
    if not all(call.name in offered for call in turn.tools):
        return None
    news = after[said[-1] + 1 :] if said else after
    result = "\n".join(line.text for line in news if line.role == "tool")
    return msgspec.structs.replace(turn, text=turn.text.replace(_RESULT, result))


def _read(script: str) -> tuple[ScriptedTurn, ...]:
    try:
        return _turns.decode(script)
    except msgspec.DecodeError as error:
        raise BadScript(f"the script is not a list of turns: {error}") from error
