"""Read a question once: everything about its text that is compared with other texts.

A look-up reads the new question once and each stored one once; pairs are then
compared by sets and small arrays only.
"""

import re
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.evidence.asking import kind_of
from sparingly.core.evidence.lexicon import (
    COMPARATIVES,
    DIRECTIONS,
    FORMATS,
    FRAMES,
    LINKS,
    MAKING,
    MODALS,
    NEGATORS,
    PERSONS,
    QUANTIFIERS,
    STOP,
    SUPERLATIVES,
    SYMMETRIC,
    TENSES,
    TIME_WORDS,
)
from sparingly.core.evidence.normalizing import MOST_CHARS, normal, plain, polar_stems, tokens
from sparingly.core.evidence.quantities import quantities
from sparingly.core.evidence.word_table import WordTable

CLASSES: Final = {
    "quantifier": QUANTIFIERS,
    "degree": SUPERLATIVES | COMPARATIVES,
    "modal": MODALS,
    "tense": TENSES,
    "person": PERSONS,
    "time": TIME_WORDS,
    "format": FORMATS,
}
"""Small closed classes of words; a pair is compared within each."""

# Words past this are read as a set only: order among so many is not compared.
_MOST_WORDS: Final = 256
# How far into a text its frame reaches: "can you give me a simple explanation of".
_FRAME: Final = 8


class Reading(msgspec.Struct, frozen=True, eq=False):
    """A question in parts.

    `words` are in normal form and in order; `content` those that carry meaning;
    `weights` are their rarities and `vectors` their unit vectors, in the order of
    `content`; `polar` are words with what they are
    the opposite of, by prefix; `compounds` are neighbors written as one word; `arcs` are (word before, relation, word after);
    `task` says what kind of text is to be made, None where a question is asked.
    """

    words: tuple[str, ...]
    bag: frozenset[str]
    content: tuple[str, ...]
    weights: dict[str, float]
    weight: float
    vectors: npt.NDArray[np.float32]
    unknown: frozenset[str]
    numbers: tuple[str, ...]
    negations: int
    polar: tuple[tuple[str, str], ...]
    entities: frozenset[str]
    kind: str
    classes: tuple[frozenset[str], ...]
    arcs: frozenset[tuple[str, str, str]]
    task: frozenset[str] | None
    symmetric: bool
    trigrams: frozenset[str]
    compounds: dict[str, tuple[str, str]]
    chars: int
    is_cut: bool


def read(text: str, table: WordTable) -> Reading:
    """Read a text; any text can be read."""
    lowered = plain(text)
    found = tokens(lowered)[:_MOST_WORDS]
    words = tuple([normal(word) for word in found])
    bag = frozenset(words)
    content = _content(words)
    known, rarity = table.words, table.rarity
    places = [known.get(word, -1) for word in content]
    weights = {word: float(rarity[at]) if at >= 0 else 1.0 for word, at in zip(content, places, strict=True)}
    return Reading(
        words=words,
        bag=bag,
        content=content,
        weights=weights,
        weight=sum(weights.values()),
        vectors=_vectors(places, table),
        unknown=frozenset([word for word, at in zip(content, places, strict=True) if at < 0]),
        numbers=quantities(found),
        negations=sum([word in NEGATORS for word in words]),
        polar=tuple([(word, stem) for word in content for stem in polar_stems(word)]),
        entities=_entities(text),
        kind=kind_of(words),
        classes=_classes(words, bag),
        arcs=_arcs(words),
        task=_task(words),
        symmetric=not bag.isdisjoint(SYMMETRIC),
        trigrams=_trigrams(" ".join(words)),
        compounds={first + second: (first, second) for first, second in pairwise(words)},
        chars=min(len(text), MOST_CHARS),
        is_cut=len(text) > MOST_CHARS,
    )


def _content(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that say what is asked about, in order; how it is asked for stands at the beginning and is left out."""
    carrying = [(at, word) for at, word in enumerate(words) if word not in STOP]
    subject = [word for at, word in carrying if at >= _FRAME or word not in FRAMES]
    return tuple(dict.fromkeys(subject or [word for _, word in carrying]))


def _classes(words: tuple[str, ...], bag: frozenset[str]) -> tuple[frozenset[str], ...]:
    """The words of each closed class; "how should I" and "how can I" ask for one way, so that modal is none."""
    found = {name: bag & members for name, members in CLASSES.items()}
    if "how" in words[:_FRAME]:
        after = words[words.index("how") + 1 :][:1]
        found["modal"] -= frozenset(after)
    return tuple(found.values())


def _vectors(places: list[int], table: WordTable) -> npt.NDArray[np.float32]:
    """The words' unit vectors; an unknown word has the table's last row, zeros, which resemble nothing."""
    return table.vectors[places] * np.float32(1 / 127)


# Code, or a name that no sentence begins with: an inner capital, an underscore, an inner dot.
_CODE: Final = re.compile(r"`[^`]{1,80}`|\w+_\w+|[a-z]+[A-Z]\w*|[A-Za-z_]\w*\.[A-Za-z_]\w*")
_EDGES: Final = ".,;:!?()[]{}<>\"'`*\u2018\u2019\u201c\u201d"
_ENDS: Final = (".", "!", "?", ":")
_NO_NAMES: Final = STOP | frozenset(
    [
        "i",
        "a",
        "the",
        "what",
        "why",
        "how",
        "when",
        "where",
        "who",
        "which",
        "is",
        "are",
        "do",
        "does",
        "did",
        "can",
        "should",
        "if",
        "and",
        "or",
        "of",
        "in",
        "on",
        "to",
        "for",
        "it",
    ]
)


def _entities(text: str) -> frozenset[str]:
    """Names and identifiers, in normal form; in title case every word has a capital, which then names nothing."""
    text = text[:MOST_CHARS]
    if text.islower() and "_" not in text and "." not in text and "`" not in text:
        return frozenset()
    parts = text.split()
    found: list[str] = []
    is_first = True
    for part in parts:
        word = part.strip(_EDGES)
        if word and not word.islower() and not word.isdigit():
            if (not is_first and word[0].isupper()) or (len(word) > 1 and word.isupper()):
                found.append(plain(word.removesuffix("'s").removesuffix("\u2019s")))
            elif _CODE.match(word) or part[0] == "`":
                found.append(plain(word))
        elif "_" in word or "." in word:
            found.append(word)
        is_first = part.endswith(_ENDS)
    if len(found) > 4 and len(found) * 2 > len(parts):
        return frozenset()
    return frozenset([normal(part) for name in found for part in tokens(name)]) - _NO_NAMES


_RELATIONS: Final = DIRECTIONS | frozenset({"of", "for", "on", "in", "with"})
_FILLERS: Final = frozenset({"a", "an", "the", "my", "your", "our", "their", "his", "her", "is", "are"})


def _arcs(words: tuple[str, ...]) -> frozenset[tuple[str, str, str]]:
    """Which word stands before and which after each word of direction."""
    if _RELATIONS.isdisjoint(words):
        return frozenset()
    kept = [word for word in words if word not in _FILLERS]
    return frozenset(
        (kept[at - 1] if at else "", word, kept[at + 1] if at + 1 < len(kept) else "")
        for at, word in enumerate(kept)
        if word in _RELATIONS
    )


# How far into a text its task is looked for.
_MOST_TASK: Final = 14


def _task(words: tuple[str, ...]) -> frozenset[str] | None:
    """What is to be made: {"poem"} of "can you write a poem about rain", empty for "describe rain"."""
    begun = next((at for at, word in enumerate(words) if word not in STOP or word in MAKING), None)
    if begun is None or words[begun] not in MAKING:
        return None
    following = words[begun + 1 : _MOST_TASK]
    end = next((at for at, word in enumerate(following) if word in LINKS), None)
    if end is None:
        # "Summarize the contract": the verb says it all.
        return frozenset([words[begun]]) - FRAMES
    verb = frozenset([words[begun]]) & {"summarize", "translate", "outline", "rewrite"}
    return verb | frozenset([word for word in following[:end] if word not in STOP and word not in FRAMES])


def _trigrams(text: str) -> frozenset[str]:
    return frozenset([text[at : at + 3] for at in range(len(text) - 2)])
