"""What becomes of each field of a request on its way to a provider of another dialect: one row per field.

Three outcomes and no fourth: it is carried, refused by its name in the client's own body, or left out for a
stated reason, in which case nothing of it is left in what is written.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

Body: TypeAlias = dict[str, Any]


class Carried(NamedTuple):
    """The provider's body holds `value` at `path`."""

    path: str
    value: Any


class Refused(NamedTuple):
    """The client is told `field`."""

    field: str


class LeftOut(NamedTuple):
    """It makes no difference to what is written; `reason` says why it may not."""

    reason: str


Outcome: TypeAlias = Carried | Refused | LeftOut


class Row(NamedTuple):
    """A field of clients that speak `dialect`; `bare` is the same request without it."""

    dialect: str
    field: str
    asked: Body
    to: dict[str, Outcome]
    bare: Mapping[str, Any] = {}


CHAT, RESPONSES, ANTHROPIC = "openai", "openai-responses", "anthropic"

BASES: dict[str, Body] = {
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    RESPONSES: {"model": "m", "input": [{"role": "user", "content": "Hi"}]},
    ANTHROPIC: {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
}

WHO = LeftOut("says who asks, what is kept or what it costs, never what is answered")
CACHE = LeftOut("says what the provider may bill as cached")
TRAVEL = LeftOut("says how the answer travels to the provider's client, which is us")
TOLD = LeftOut("asks how much is told of an answer, not for another one")
DEFAULT = LeftOut("is what the provider does anyway")
SIGN = LeftOut("a sign of an earlier answer, which says nothing to another model")
HINT = LeftOut("a label or a hint without a counterpart")

SCHEMA = {"type": "object", "properties": {}}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
FORM = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}


def both(first: str, second: str, outcome: Outcome) -> dict[str, Outcome]:
    return {first: outcome, second: outcome}


def twice(outcome: Outcome) -> tuple[Outcome, Outcome]:
    """One outcome for either of the other dialects."""
    return outcome, outcome
