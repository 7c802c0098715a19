"""The numbers of a question, brought into one form each, so that sets of them can be compared.

"$1,200", "1200 dollars" and "1.2k usd" are one quantity; "5 km" and "5 miles"
are two.  Versions, dates and ids are kept as they are written: there every
sign counts.
"""

import re
from collections.abc import Sequence
from typing import Final

_UNITS: Final = {
    "km": "km", "kilometer": "km", "kilometre": "km", "mile": "mi", "mi": "mi", "m": "m", "meter": "m", "metre": "m",
    "cm": "cm", "mm": "mm", "foot": "ft", "ft": "ft", "inch": "in", "kg": "kg", "kilo": "kg", "kilogram": "kg",
    "lb": "lb", "lbs": "lb", "pound": "lb", "g": "g", "gram": "g", "mg": "mg", "milligram": "mg", "ml": "ml",
    "liter": "l", "litre": "l", "l": "l", "gb": "gb", "gigabyte": "gb", "mb": "mb", "tb": "tb", "kb": "kb",
    "second": "s", "sec": "s", "minute": "min", "min": "min", "hour": "h", "hr": "h", "day": "day", "week": "week",
    "month": "month", "year": "year", "yr": "year", "usd": "usd", "dollar": "usd", "buck": "usd", "eur": "eur",
    "euro": "eur", "gbp": "gbp", "rupee": "inr", "rs": "inr", "inr": "inr", "yen": "jpy", "percent": "%", "%": "%",
    "degree": "deg", "celsius": "c", "fahrenheit": "f", "mph": "mph", "ghz": "ghz", "mhz": "mhz", "ms": "ms",
    "watt": "w", "volt": "v", "amp": "a", "calorie": "kcal", "kcal": "kcal", "mcg": "mcg", "iu": "iu",
}  # fmt: skip
_SCALES: Final = {
    "k": 1e3,
    "thousand": 1e3,
    "mn": 1e6,
    "million": 1e6,
    "bn": 1e9,
    "billion": 1e9,
    "lakh": 1e5,
    "crore": 1e7,
}
_SIGNS: Final = {"$": "usd", "\u20ac": "eur", "\u00a3": "gbp", "\u00a5": "jpy"}
_PLAIN: Final = re.compile(r"([$\u20ac\u00a3\u00a5]?)(\d[\d,]*(?:\.\d+)?)([a-z]*|%)")


def quantities(words: Sequence[str]) -> tuple[str, ...]:
    """The quantities among the words of a question, in order, each as number and unit with a space between."""
    if not any(map(_has_digit, words)):
        return ()
    following = (*words[1:], "")
    return tuple(
        [_quantity(word, after) for word, after in zip(words, following, strict=True) if _has_digit(word)]
    )


def unshared(one: Sequence[str], other: Sequence[str]) -> tuple[set[str], set[str]]:
    """The quantities that only one side has; a unit that a side leaves out is taken to be the other's."""
    if not one and not other:
        return set(), set()
    left, right = set(one) - set(other), set(other) - set(one)
    for mine in tuple(left):
        number, _, unit = mine.partition(" ")
        for theirs in tuple(right):
            same_number, _, other_unit = theirs.partition(" ")
            if number == same_number and not (unit and other_unit):
                left.discard(mine)
                right.discard(theirs)
    return left, right


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(map(str.isdigit, word))


def _quantity(word: str, following: str) -> str:
    match = _PLAIN.fullmatch(word)
    if match is None or not word.isascii():
        return word  # a version, a date, an id
    sign, digits, end = match.groups()
    if end and end not in _UNITS and end not in _SCALES and end not in _ORDINALS:
        return word  # 4x4, 3d, b12
    scale = _SCALES.get(end, _SCALES.get(following, 1.0))
    unit = _SIGNS.get(sign) or _UNITS.get(end) or _UNITS.get(_singular(following), "")
    if "." in digits and not unit and scale == 1.0:
        return digits  # perhaps a version: 3.1 is not 3.10
    number = float(digits.replace(",", "")) * scale
    return f"{number:.12g} {unit}".rstrip()


def _singular(word: str) -> str:
    return word if word in _UNITS else word.removesuffix("s")


_ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "s"})
