"""What the simulated provider replies, before any dialect puts it into its own form.

The same seed, model and last user text give the same words in every dialect, so
that a test can tell a translated answer from another one.
"""

from collections.abc import Sequence

import msgspec

from sparingly.upstreams.simulated_script import BadScript, Line, ScriptedTurn, scripted
from sparingly.upstreams.simulated_words import JsonValue, digest, sentence, tokens, value_of

# Long enough to come in pieces.
_THINKING_WORDS = 12


class Refused(Exception):
    """The request is wrong; `param` names the field."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class Offered(msgspec.Struct, frozen=True):
    """A tool that may be called; `schema` is that of its arguments."""

    name: str
    schema: msgspec.Raw


class Question(msgspec.Struct, frozen=True):
    """What decides a reply.

    `must_call` names a tool that has to be called; `schema` is what the words
    must fit, `is_json` asks for any JSON; `limit` is in tokens.
    """

    lines: Sequence[Line]
    tools: Sequence[Offered] = ()
    must_call: str | None = None
    schema: msgspec.Raw | None = None
    is_json: bool = False
    limit: int | None = None
    thinks: bool = False

    @property
    def text(self) -> str:
        """What the user said last; without a user, what was said last."""
        users = [line for line in self.lines if line.role == "user"]
        last = (users or self.lines)[-1:]
        return last[0].text if last else ""


class Called(msgspec.Struct, frozen=True):
    """A call; `arguments` is JSON."""

    name: str
    arguments: str


class Reply(msgspec.Struct, frozen=True):
    """A reply; `text` is None where only tools are called, `is_cut` says that the limit ended it."""

    text: str | None
    thinking: str = ""
    calls: tuple[Called, ...] = ()
    is_cut: bool = False

    @property
    def spent(self) -> int:
        """How many tokens it took."""
        said = [self.thinking, self.text or "", *(f"{one.name} {one.arguments}" for one in self.calls)]
        return sum(len(tokens(one)) for one in said)


_encode = msgspec.json.Encoder()


def reply_to(question: Question, *, seed: bytes, answer_tokens: int) -> Reply:
    """The reply: a script's turn, the tool that must be called, or words.

    Raises:
        Refused: the script cannot be read, or a tool must be called that is not offered.
    """
    try:
        turn = scripted(question.lines, offered={tool.name for tool in question.tools})
    except BadScript as error:
        raise Refused(str(error)) from error
    if turn is not None:
        return _played(turn)
    thinking = sentence(digest(seed, "thinking"), _THINKING_WORDS) if question.thinks else ""
    if question.must_call is not None:
        tool = next((tool for tool in question.tools if tool.name == question.must_call), None)
        if tool is None:
            raise Refused(f"Tool '{question.must_call}' not found in provided tools.", param="tool_choice")
        return Reply(None, thinking, (Called(tool.name, _fitting(tool.schema, seed)),))
    pieces = tokens(_words(question, seed, answer_tokens))
    kept = pieces if question.limit is None else pieces[: question.limit]
    return Reply("".join(kept), thinking, is_cut=len(kept) < len(pieces))


def groups(text: str, chunk_tokens: int) -> list[str]:
    """The text as it is streamed."""
    pieces, step = tokens(text), max(1, chunk_tokens)
    return ["".join(pieces[start : start + step]) for start in range(0, len(pieces), step)]


def _played(turn: ScriptedTurn) -> Reply:
    calls = tuple(Called(call.name, _encode.encode(call.input).decode()) for call in turn.tools)
    return Reply(turn.text if turn.text or not calls else None, turn.thinking, calls)


def _words(question: Question, seed: bytes, answer_tokens: int) -> str:
    """The text of an answer: about as long as asked for, half to one and a half times."""
    length = max(1, answer_tokens // 2 + int.from_bytes(seed[1:3], "big") * answer_tokens // 65536)
    subject = "".join(tokens(question.text)[:8]).strip()
    text = f'Simulated answer to "{subject}": {sentence(seed, length)}'
    if question.schema is not None:
        return _fitting(question.schema, seed)
    return _encode.encode({"answer": text}).decode() if question.is_json else text


def _fitting(schema: msgspec.Raw, seed: bytes) -> str:
    """JSON that fits a schema."""
    parsed: JsonValue = msgspec.json.decode(schema)
    return _encode.encode(value_of(parsed, seed)).decode()
