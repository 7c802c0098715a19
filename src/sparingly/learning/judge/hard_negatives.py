"""Make pairs of questions that are hard to judge, with the label known by construction.

Real questions are changed in one place.  A change of a number, unit, name,
product, tier, role, direction, time, quantity, negation or action asks something
else; a change of politeness, case, contraction, clause order or wording asks the same.
Embedders hardly see the first kind, so a judge must be taught it.

A change is seeded and named, so that whole kinds can be held out to see what
carries over.  A change that does not fit a question yields nothing.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from sparingly.learning.judge import swap_words as words

Change: TypeAlias = Callable[[str, random.Random], str | None]


class MadePair(msgspec.Struct, frozen=True):
    """Two questions; `kind` names how the second was made from the first."""

    a: str
    b: str
    same: bool
    kind: str


def made_pairs(
    texts: Iterable[str], *, seed: int, per_text: int = 2, without: Sequence[str] = ()
) -> Iterator[MadePair]:
    """Up to `per_text` pairs of each label from each text; `without` names kinds that are left out."""
    rng = random.Random(seed)  # noqa: S311 - seeded draws, so that a fit can be made again
    different = [(name, change) for name, change in DIFFERENT.items() if name not in without]
    same = [(name, change) for name, change in SAME.items() if name not in without]
    for text in texts:
        left = per_text
        for name, change in _specific_first(different, rng):
            made = change(text, rng) if left else None
            if made is None or _plain(made) == _plain(text):
                continue
            left -= 1
            # A third of the negatives are reworded too: surface alone must not tell the labels apart.
            if rng.random() < 1 / 3:
                made = _reworded(made, same, rng)
            yield MadePair(text, made, same=False, kind=name)
        for name, change in rng.sample(same, min(per_text, len(same))):
            made = change(text, rng)
            if made is not None and made != text:
                yield MadePair(text, _reworded(made, same, rng), same=True, kind=name)


def _specific_first(changes: list[tuple[str, Change]], rng: random.Random) -> list[tuple[str, Change]]:
    """In random order, but what fits every question comes last and not always."""
    special = [one for one in changes if one[0] not in _FIT_ALL]
    general = [one for one in changes if one[0] in _FIT_ALL and rng.random() < _GENERAL]
    return rng.sample(special, len(special)) + rng.sample(general, len(general))


_FIT_ALL: Final = frozenset({"limit", "format"})
_GENERAL: Final = 0.3


def _reworded(text: str, same: list[tuple[str, Change]], rng: random.Random) -> str:
    for _, change in rng.sample(same, min(rng.choice((0, 1, 1, 2)), len(same))):
        text = change(text, rng) or text
    return text


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip("?.! ")


# ---------------------------------------------------------------- asking something else


def _family_swap(families: tuple[tuple[str, ...], ...]) -> Change:
    """Replace a member of a family by a sibling."""
    siblings = {one: [other for other in family if other != one] for family in families for one in family}
    longest_first = sorted(siblings, key=len, reverse=True)
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b", re.IGNORECASE)

    def change(text: str, rng: random.Random) -> str | None:
        found = list(pattern.finditer(text))
        if not found:
            return None
        one = rng.choice(found)
        other = rng.choice(siblings[one[0].lower()])
        if one[0][0].isupper():
            other = other.title() if one.start() else other.capitalize()
        return text[: one.start()] + other + text[one.end() :]

    return change


def _number(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return None
    one = rng.choice(found)
    value = int(one[0][:9])
    other = max(0, rng.choice((value + 1, value - 1, value + 10, value * 2, value + rng.randint(2, 9))))
    return None if other == value else text[: one.start()] + str(other) + text[one.end() :]


def _negated(text: str, rng: random.Random) -> str | None:
    """A negation put in, or taken out."""
    if found := re.search(r"\b(?:not|never) |n't\b", text):
        return text[: found.start()] + text[found.end() :]
    helper = re.search(
        r"\b(?:(?:do|can|should|could|would|will|did) (?:i|we|you|they|people)|to|is|are|will|should)\b(?= \w)",
        text,
        re.IGNORECASE,
    )
    if helper is None:
        return None
    word = rng.choice(
        ("not", "not", "never", "avoid") if helper[0].lower() == "to" else ("not", "not", "never")
    )
    return text[: helper.end()] + " " + word + text[helper.end() :]


def _turned(text: str, _rng: random.Random) -> str | None:
    """The two ends of a direction exchanged."""
    found = re.search(r"\b(\w+) (to|into|than|over|before|after|cause|affect) (\w+)\b", text)
    if (
        found is None
        or min(len(found[1]), len(found[3])) < 3
        or found[1].lower() in _NO_ENDS
        or found[3].lower() in _NO_ENDS
    ):
        return None
    return f"{text[: found.start()]}{found[3]} {found[2]} {found[1]}{text[found.end() :]}"


_NO_ENDS: Final = frozenset(
    [
        "how",
        "way",
        "want",
        "need",
        "like",
        "have",
        "going",
        "able",
        "what",
        "best",
        "used",
        "the",
        "and",
        "you",
        "your",
        "about",
        "able",
        "used",
        "possible",
        "going",
        "ways",
        "are",
        "the",
        "get",
        "know",
        "this",
        "that",
        "day",
        "year",
        "time",
        "more",
        "better",
        "different",
        "other",
        "less",
        "want",
    ]
)


def _limited(text: str, rng: random.Random) -> str:
    """A condition added."""
    return f"{text.rstrip('?.! ')} {rng.choice(words.LIMITS)}{_end(text)}"


def _formatted(text: str, rng: random.Random) -> str:
    return f"{text.rstrip('?.! ')} {rng.choice(words.FORMATS)}{_end(text)}"


def _for_other(text: str, rng: random.Random) -> str | None:
    found = re.search(r"\bmy\b", text)
    return None if found is None else text[: found.start()] + rng.choice(words.OTHERS) + text[found.end() :]


DIFFERENT: Final[dict[str, Change]] = {
    "number": _number,
    "unit": _family_swap(words.UNITS),
    "entity": _family_swap(words.ENTITIES),
    "product": _family_swap(words.PRODUCTS),
    "tier": _family_swap(words.TIERS),
    "role": _family_swap(words.ROLES),
    "quantifier": _family_swap(words.QUANTIFIERS),
    "action": _family_swap(words.ACTIONS),
    "asked": _family_swap(words.ASKS),
    "modal": _family_swap(words.MODALS),
    "negation": _negated,
    "direction": _turned,
    "limit": _limited,
    "format": _formatted,
    "principal": _for_other,
}

# ---------------------------------------------------------------- asking the same


def _end(text: str) -> str:
    return "?" if text.rstrip().endswith("?") else ""


def _lowered_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _polite(text: str, rng: random.Random) -> str:
    begin = rng.choice(
        (
            "",
            "Hi, ",
            "Hello! ",
            "Hey, ",
            "Please tell me: ",
            "Quick question: ",
            "Excuse me, ",
            "Could you tell me ",
        )
    )
    finish = rng.choice(("", " Thanks!", " Thank you.", ", please?", " thanks in advance", " Cheers!"))
    if not begin and not finish:
        begin = "Hi there, "
    kept = text.rstrip("?.! ") if finish.startswith(",") else text
    return f"{begin}{_lowered_first(kept) if begin else kept}{finish}"


def _surface(text: str, rng: random.Random) -> str:
    """Case, punctuation and spacing."""
    way = rng.randrange(5)
    if way == 0:
        return text.lower()
    if way == 1:
        return text.rstrip("?.! ")
    if way == 2:
        return f"  {text.rstrip('?.! ')} ??"
    return text.upper() if way == 3 and len(text) < 60 else text.lower().replace(",", "").rstrip("?.! ")


_SPELLED: Final = (
    ("what is", "what's"), ("how is", "how's"), ("do not", "don't"), ("does not", "doesn't"), ("can not", "can't"),
    ("cannot", "can't"), ("is not", "isn't"), ("i am", "i'm"), ("i have", "i've"), ("i would", "i'd"),
    ("will not", "won't"), ("it is", "it's"), ("are not", "aren't"), ("who is", "who's"), ("where is", "where's"),
)  # fmt: skip


def _contracted(text: str, rng: random.Random) -> str | None:
    both = [*_SPELLED, *((short, long) for long, short in _SPELLED)]
    fitting = [(old, new) for old, new in both if re.search(rf"\b{old}\b", text, re.IGNORECASE)]
    if not fitting:
        return None
    old, new = rng.choice(fitting)
    return re.sub(rf"\b{old}\b", new, text, count=1, flags=re.IGNORECASE)


_LEADS: Final = (
    "how do i", "how can i", "how to", "what is the way to", "how should i", "what do i do to", "how would i",
    "what steps do i take to", "how does one", "how do you", "how can we", "what's the best way to", "what are ways to",
)  # fmt: skip
_LEAD: Final = re.compile(
    r"^(how (?:do|can|should|would|could) (?:i|you|we|one)|how to|what is the (?:best )?way to)\b",
    re.IGNORECASE,
)
_DEFINITIONS: Final = (
    "what is {}",
    "what's {}",
    "what does {} mean",
    "define {}",
    "explain {}",
    "can you explain {}",
)


def _led(text: str, rng: random.Random) -> str | None:
    """Another opening of a question for a way, or for a meaning."""
    found = _LEAD.match(text)
    if found is not None:
        lead = rng.choice([one for one in _LEADS if one != found[0].lower()])
        return lead.capitalize() + text[found.end() :]
    meaning = re.fullmatch(r"what(?: is|'s) (?:an? |the )?(\w+(?: \w+)?)\?*", text, re.IGNORECASE)
    return rng.choice(_DEFINITIONS).format(meaning[1]) + "?" if meaning is not None else None


def _reordered(text: str, _rng: random.Random) -> str | None:
    """A condition moved from the end to the front, or back."""
    late = re.fullmatch(r"(.{12,}?) (if|when|while|after|before) (.{8,}?)\?*", text)
    if late is not None and not text.lower().startswith(("if", "when")):
        return f"{late[2].capitalize()} {late[3]}, {_lowered_first(late[1])}?"
    early = re.fullmatch(r"(If|When|While|After|Before) ([^,]{8,}), (.{12,}?)\?*", text)
    return None if early is None else f"{early[3][0].upper()}{early[3][1:]} {early[1].lower()} {early[2]}?"


def _wanted(text: str, rng: random.Random) -> str | None:
    """A question as a statement of what is wanted, or the other way round."""
    found = _LEAD.match(text)
    if found is None:
        return None
    wish = rng.choice(
        ("I want to", "I need to", "I would like to", "Help me", "I'm trying to", "need help to")
    )
    return f"{wish}{text[found.end() :].rstrip('?.! ')}"


def _misspelled(text: str, rng: random.Random) -> str | None:
    long = list(re.finditer(r"[a-z]{6,}", text))
    if not long:
        return None
    one = rng.choice(long)
    at = rng.randrange(1, len(one[0]) - 2)
    word = one[0]
    typo = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at] + word[at:],
        )
    )
    return text[: one.start()] + typo + text[one.end() :]


def _telegraphic(text: str, _rng: random.Random) -> str | None:
    """Only the words that carry meaning, as typed into a search box."""
    found = _LEAD.match(text) or _MEANING.match(text)
    if found is None:
        return None
    kept = [word for word in text[found.end() :].rstrip("?.! ").split() if word.lower() not in _DROPPED]
    return " ".join(kept) if len(kept) > 1 else None


_MEANING: Final = re.compile(r"what (?:is|are) (?:an? |the )?", re.IGNORECASE)
_DROPPED: Final = frozenset({"a", "an", "the", "my", "your", "our", "some", "do", "is", "are", "of", "to"})


def _padded(text: str, rng: random.Random) -> str:
    """Words around it that say nothing."""
    if rng.random() < 0.5:
        return f"{rng.choice(words.OPENINGS)} {_lowered_first(text)}"
    return f"{text.rstrip('?.! ')} {rng.choice(words.PADDING)}{_end(text)}"


SAME: Final[dict[str, Change]] = {
    "telegraphic": _telegraphic,
    "padded": _padded,
    "polite": _polite,
    "surface": _surface,
    "contraction": _contracted,
    "lead": _led,
    "order": _reordered,
    "wish": _wanted,
    "synonym": _family_swap(words.SYNONYMS),
    "typo": _misspelled,
}
