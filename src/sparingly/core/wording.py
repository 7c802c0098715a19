"""Which words of a request say what kind of work it asks for.

Four small vocabularies: looking something up or changing its form, explaining
or drafting, reasoning over many steps, and setting conditions.  They were
written down before any measurement and are counted, not obeyed: how much a word
of each kind weighs is learned in `core/classifying`.  English first; the
commonest verbs of the other languages in the package's examples.

A long text is mostly material: a pasted mail, a file, a log.  What is asked of
it stands in its first or its last paragraph, whichever is shorter.

Words are looked up in tables, since patterns with a hundred alternatives cost a
millisecond on a page of text.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec

# Beyond this a paragraph is material, whatever it says.
_ASKING_CHARS = 1_200


class Wording(msgspec.Struct, frozen=True):
    """Counts in the paragraph that asks; `words` is that paragraph's length."""

    words: int = 0
    lookup: int = 0
    craft: int = 0
    reasoning: int = 0
    demand: int = 0


def wording(text: str) -> Wording:
    """Count the words of each kind."""
    words = words_of(asking_paragraph(text)[:_ASKING_CHARS])
    counts = _counts(words)
    return Wording(
        words=len(words),
        lookup=counts["lookup"],
        craft=counts["craft"],
        reasoning=counts["reasoning"],
        demand=counts["demand"],
    )


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def asking_paragraph(text: str) -> str:
    """The paragraph that asks: the first or the last one, whichever is shorter."""
    prose = _FENCE.sub(" ", text) if "```" in text else text
    paragraphs = [paragraph for paragraph in _BLANK_LINE.split(prose) if paragraph.strip()]
    if len(paragraphs) < 2:
        paragraphs = [line for line in prose.split("\n") if line.strip()]
    if not paragraphs:
        return ""
    return min(paragraphs[0], paragraphs[-1], key=lambda paragraph: paragraph.count(" "))


def _counts(words: Sequence[str]) -> Counter[str]:
    pairs = pairwise(words)
    found = [_KIND[word] for word in words if word in _KIND]
    found += [_PAIR_KIND[pair] for pair in pairs if pair in _PAIR_KIND]
    return Counter(found)


_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")

_WORDS = {
    "lookup": """
        which where what's capital plural synonym antonym opposite translate convert extract spell define sort
        classify label category correct fix typo typos grammar count format list name round rephrase shorten
        uppercase lowercase thank thanks hello hi cancel übersetze traduis quelle combien traduce cuál
        cuántos quanto traduci""",
    "craft": """
        explain write draft summarize summarise compare describe rewrite suggest create plan tips ideas outline
        recipe advantages difference why debug error function script email letter essay poem story erkläre
        schreibe fasse explique rédige explica explícame escribe scrivi""",
    "reasoning": """
        prove proof derive derivation theorem counterexample refute rigor rigorous rigorously formal hypothesis
        hypotheses assumption assumptions design architect architecture implement optimize optimise refactor
        migrate migrating migration algorithm complexity distributed concurrent concurrency race deadlock
        deadlocks consensus analyze analyse analysis critically assess evaluate justify devise formulate
        strategy model simulate schedule diagnose diagnosis investigate root-cause threat trade-off trade-offs
        tradeoff tradeoffs beweise zeige entwirf analysiere démontrer démontrez concevez demuestra diseña
        analiza progetta""",
    "demand": """
        must should without exactly each every only ensure avoid given assume constraint constraints
        requirement requirements""",
}
_PAIRS = {
    "lookup": """
        when did, when was, when is, when do, when does, who is, who was, who wrote, who do, what is, what are,
        what does, what day, what time, what year, how many, how much, how old, only with, only the, nothing else,
        yes or, wie heißt, wie viele, was bedeutet""",
    "craft": "how do, how can, how should, how does, how to, pros and",
    "reasoning": "root cause, step by",
    "demand": "at least, at most, no more",
}
_KIND = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_PAIR_KIND = {
    (first, second): kind
    for kind, pairs in _PAIRS.items()
    for first, second in (pair.split() for pair in pairs.split(","))
}
