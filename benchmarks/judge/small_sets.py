"""The small sets in halves: one that the shipped judge is fitted on, one that it is measured on.

The halves are told by a checksum of what was stored (of the cluster, for the docs bot), so pairs that share a stored
question are never divided.  Lines of the first half were read when kinds of made pairs were thought of;
lines of the second never.
"""

from typing import Final

import msgspec

from benchmarks.data_folder import rows
from sparingly.learning.judge.labelled_pairs import LabelledPair
from sparingly.learning.judge.splits import fold_of

SMALL: Final = ("cachesafety", "traps_banking", "traps_finance")

Half = int
FITTED: Final[Half] = 0
MEASURED: Final[Half] = 1


class SmallPair(msgspec.Struct, frozen=True):
    """What is asked, what is stored, whether the stored answer may be given, and the line's own kind."""

    asked: str
    stored: str
    same: bool
    kind: str
    half: Half
    is_one_message: bool = True
    """Whether all of the request is in what is asked."""


def half_of(group: str) -> Half:
    """Which half a group is in."""
    return fold_of(group, 2)


def small_pairs(name: str) -> list[SmallPair]:
    """The pairs of one of `SMALL`; of CacheSafety the last words of a request."""
    pair = _request_pair if name == "cachesafety" else _trap_pair
    return [pair(row) for row in rows(f"pairs/{name}")]


def fitted_half(name: str) -> list[LabelledPair]:
    """What a judge is fitted on, as pairs of the train part.

    Of CacheSafety only what was asked in one message: whether a longer one may be served is not said of its words.
    """
    return [
        LabelledPair(
            one.asked,
            one.stored,
            one.same,
            group=one.stored,
            class_a=one.asked,
            class_b=one.asked if one.same else one.stored,
            stated="train",
        )
        for one in small_pairs(name)
        if one.half == FITTED and one.is_one_message and one.asked != one.stored
    ]


def _trap_pair(row: dict[str, object]) -> SmallPair:
    stored = str(row["a"])
    return SmallPair(str(row["b"]), stored, bool(row["same"]), str(row["kind"]), half_of(stored))


def _request_pair(row: dict[str, object]) -> SmallPair:
    request = msgspec.convert(row["request"], type=dict[str, object])
    messages = msgspec.convert(request["messages"], type=list[dict[str, object]])
    said = [str(one["content"]) for one in messages if one.get("role") == "user"]
    stored = str(row["old_request"])
    return SmallPair(
        said[-1],
        stored,
        row["expected"] == "semantic_safe",
        str(row["kind"]),
        half_of(stored),
        is_one_message=len(messages) == 1,
    )
