"""Bodies with one value of another kind than it should be, as broken clients and servers send them."""

import copy
from collections.abc import Iterator
from typing import Any, TypeAlias

from hypothesis import strategies as st

Place: TypeAlias = tuple[str | int, ...]

_ODD: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "", "x", "openai-responses:x", [], [1], [[]], [{}], {})
# Names that readers keep what they find under, and that mean something at many levels.
_NAMES = ("anthropic", "openai-responses", "blocks", "content", "item", "role", "tool_calls", "type")


def places(body: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a body, that of the whole first."""
    yield place
    if isinstance(body, dict):
        for name, value in body.items():
            yield from places(value, (*place, name))
    elif isinstance(body, list):
        for position, value in enumerate(body):
            yield from places(value, (*place, position))


@st.composite
def made_odd(draw: st.DrawFn, body: dict[str, Any]) -> dict[str, Any]:
    """A body in which one value is replaced, or one field added."""
    odd = copy.deepcopy(body)
    place = draw(st.sampled_from(list(places(odd))))
    value = copy.deepcopy(draw(st.sampled_from(_ODD)))
    around: Any = odd
    for step in place[:-1]:
        around = around[step]
    there = around[place[-1]] if place else odd
    if isinstance(there, dict) and (not place or draw(st.booleans())):
        there[draw(st.sampled_from(_NAMES))] = value
    elif place:
        around[place[-1]] = value
    return odd
