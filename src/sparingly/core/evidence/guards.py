"""Hard vetoes: differences that make a stored answer wrong nearly always, however alike the rest is.

A guard speaks by columns of the evidence, so the judge and its guards see the
same pair.  Each can be switched off; the profile of a domain says which are on
where nothing else is said.  What each one costs in lost hits, and how often it is
right, is in benchmarks/results/judge.json.
"""

from collections.abc import Collection, Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.pairing import NAMES

Domain: TypeAlias = Literal["general", "medical", "finance", "code", "support"]

_COLUMNS: Final = {
    "numbers": ("numbers_conflict", "numbers_reordered"),
    "numbers_missing": ("numbers_missing",),
    "negation": ("negation",),
    "direction": ("reversed", "swapped"),
    "opposites": ("opposites",),
    "names": ("names_conflict",),
    "names_missing": ("names_unshared",),
}
GUARDS: Final = tuple(_COLUMNS)
"""Their names, in the order in which they are reported."""

# Among many other differences a single word says little: two long stories about one illness both
# have a "not" somewhere.  These guards speak only about pairs that are alike otherwise.
_ONLY_WHEN_ALIKE: Final = frozenset({"negation", "opposites", "names", "names_missing"})
MOST_UNSHARED: Final = 8
_UNSHARED: Final = [NAMES.index("unshared_asked"), NAMES.index("unshared_stored")]

_AT: Final = {guard: [NAMES.index(column) for column in columns] for guard, columns in _COLUMNS.items()}

_ALWAYS: Final = frozenset({"numbers", "negation", "direction", "opposites"})
PROFILES: Final[Mapping[Domain, frozenset[str]]] = {
    "general": _ALWAYS,
    # Where a product, a drug or a library is named, another name is another question; in general talk the
    # judge weighs names well enough alone.  A dose, an amount or a version on one side changes the answer.
    "medical": _ALWAYS | {"names", "numbers_missing"},
    "finance": _ALWAYS | {"names", "numbers_missing", "names_missing"},
    "code": _ALWAYS | {"names", "numbers_missing", "names_missing"},
    "support": _ALWAYS | {"names", "numbers_missing"},
}


def guards_of(domain: Domain, switched: Mapping[str, bool]) -> frozenset[str]:
    """The guards that are on: a domain's profile with an operator's own switches laid over it."""
    on = {name for name, wanted in switched.items() if wanted}
    off = {name for name, wanted in switched.items() if not wanted}
    return (PROFILES[domain] | on) - off


def veto(row: npt.NDArray[np.float32], guards: Collection[str]) -> str | None:
    """The first guard that speaks against a pair, None where none does."""
    is_alike = sum([float(row[column]) for column in _UNSHARED]) <= MOST_UNSHARED
    for guard, columns in _AT.items():
        if guard not in guards or not (is_alike or guard not in _ONLY_WHEN_ALIKE):
            continue
        if any(row[column] > 0 for column in columns):
            return guard
    return None
