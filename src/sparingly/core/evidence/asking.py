"""What kind of answer a question wants: a way, a number, a reason, a time, a yes or no."""

from collections.abc import Sequence
from typing import Final

KINDS: Final = (
    "way", "amount", "reason", "time", "person", "place", "choice", "thing", "yes-no", "order", "difference",
    "manner", "other",
)  # fmt: skip

_AMOUNTS: Final = frozenset(
    [
        "many",
        "much",
        "long",
        "old",
        "far",
        "tall",
        "big",
        "often",
        "large",
        "deep",
        "high",
        "fast",
        "soon",
        "heavy",
        "expensive",
    ]
)
_YES_NO: Final = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
        "can",
        "could",
        "should",
        "would",
        "will",
        "has",
        "have",
        "had",
        "may",
        "must",
        "shall",
        "am",
        "isnt",
    ]
)
_WAYS: Final = frozenset(["to", "do", "can", "should", "could", "would", "i", "we", "you", "one"])
_DIRECT: Final = {
    "why": "reason", "when": "time", "who": "person", "whom": "person", "whose": "person", "where": "place",
    "which": "choice",
}  # fmt: skip
_ORDERS: Final = frozenset(
    [
        "explain",
        "describe",
        "write",
        "list",
        "give",
        "show",
        "find",
        "tell",
        "make",
        "create",
        "set",
        "add",
        "remove",
        "delete",
        "change",
        "update",
        "cancel",
        "send",
        "book",
        "order",
        "play",
        "turn",
        "call",
        "check",
        "calculate",
        "convert",
        "compare",
        "summarize",
        "translate",
        "generate",
        "provide",
        "define",
        "get",
        "open",
        "close",
        "start",
        "stop",
        "help",
        "suggest",
        "recommend",
        "remind",
        "schedule",
        "transfer",
        "pay",
        "read",
        "schedule",
    ]
)
_MEANING: Final = frozenset({"explain", "describe", "define"})
_TELLING: Final = _MEANING | {"give", "show", "tell", "provide", "list"}
_STEPS: Final = frozenset({"way", "step", "process", "procedure", "instruction"})
_MEANINGS: Final = frozenset({"explanation", "definition", "meaning", "description"})
_ASKS: Final = frozenset(_DIRECT) | {"how", "what"}
# How far into a text its asking word is looked for: "in python, how do I ...".
_LEAD: Final = 8


def kind_of(words: Sequence[str]) -> str:
    """The kind of a question in normal form."""
    if not words:
        return "other"
    if words[0] in _YES_NO:
        return "yes-no"
    for place, word in enumerate(words[:_LEAD]):
        if word in _ASKS:
            return _asked(word, words[place + 1 : place + 6])
    return _ordered(words[0], words[1:_LEAD])


def _ordered(first: str, following: Sequence[str]) -> str:
    """The kind of a request that says what to do: "give me the steps to pay" wants a way."""
    if first not in _ORDERS:
        return "other"
    if first in _TELLING:
        if not _STEPS.isdisjoint(following):
            return "way"
        if "difference" in following:
            return "difference"
        if "reason" in following or "cause" in following:
            return "reason"
        if first in _MEANING or not _MEANINGS.isdisjoint(following):
            return "thing"
    return "order"


def _asked(word: str, following: Sequence[str]) -> str:
    direct = _DIRECT.get(word)
    if direct is not None:
        return direct
    first = following[0] if following else ""
    if word == "how":
        if first in _AMOUNTS:
            return "amount"
        return "way" if first in _WAYS else "manner"
    if "difference" in following:
        return "difference"
    if "way" in following or "step" in following or ("how" in following):
        return "way"
    if first in {"time", "day", "date", "year"}:
        return "time"
    return "reason" if "reason" in following or "cause" in following else "thing"
