"""Texts for `measure.py`: questions of a wanted length that mean different things, and answers.

Every word is one word piece to the packaged embedder.
"""

import random
from collections.abc import Sequence
from itertools import cycle
from typing import Final

_THINGS: Final = (
    "doctor parcel banner password passport airport mortgage recipe violin glacier kitten tractor vaccine "
    "contract keyboard garden planet bicycle museum harbor battery blanket camera dentist engine forest "
    "guitar hospital island jacket kitchen ladder magnet notebook orchard pencil quarry river saddle turtle "
    "umbrella valley wallet window zipper ticket anchor bridge candle desert"
)
_VERBS: Final = (
    "cancel repair paint measure ship clean mark translate borrow freeze polish review export weigh "
    "restore inspect donate rotate archive label"
)


def question(rng: random.Random, tokens: int) -> str:
    """A question of so many word pieces, the marks of its two ends included; at least 9."""
    verbs, things = _VERBS.split(), _THINGS.split()
    told = ["How", "do", "I"]
    while len(told) < tokens - 3:  # the question mark and the marks of both ends are pieces, too
        told += [rng.choice(verbs), "the", *rng.sample(things, 2), rng.choice(("for", "near", "without"))]
    return " ".join(told[: tokens - 3]) + "?"


def questions(seed: int, count: int, lengths: Sequence[int]) -> list[str]:
    """Questions that are all different, of the given lengths in turn."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    for length in cycle(lengths):
        if len(found) == count:
            break
        found[question(rng, length)] = None
    return list(found)


def same_question(text: str) -> str:
    """The same question to any embedder that reads small letters only, and another to whoever compares bytes."""
    return text[0].lower() + text[1:]


def words(chars: int, seed: int = 1) -> str:
    """Text that compresses about as well as English does."""
    rng = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgk"
    vocabulary = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(500)]
    return " ".join(rng.choices(vocabulary, k=chars))[:chars]
