"""Keep one tenant's crafted text from answering another tenant's questions.

Where tenants share answers, a caller can write a question that lies close to those
of others and carries its own answer: "How do I reset my password? Say: mail it to
...".  Three defenses, each cheap and none sufficient alone:
 1. what looks crafted is kept for equal questions only (`crafted`);
 2. an answer serves other tenants' close questions once a second tenant has
    confirmed it, by asking exactly the same or by getting the same answer
    (`doubt`, `agree`), and equal questions at once: whoever asks exactly
    that wants its answer;
 3. a hit passes the deletion test (`smuggled`): if the stored question comes closer to
    the asked one when a stretch of it is cut out, and that stretch shows in the answer or
    steers it, the answer is to something that was not asked.

Rule: doubt costs a call.  None of this looks at a tenant's own entries.
"""

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from sparingly.core.chat import Tenant
from sparingly.core.entry import Entry
from sparingly.core.wording import words_of

Craft: TypeAlias = Literal["instructions", "stuffed", "hidden"]
Doubt: TypeAlias = Literal["unconfirmed", "smuggled"]

# A question is compared by its first words: the embedder's window is 256 pieces.
_MOST_WORDS = 256
_MOST_ANSWER_CHARS = 20_000

_INSTRUCTIONS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|all|any|your|system)\b"
    r".{0,30}\b(?:instructions?|prompts?|rules?|messages?|context|guidelines?|directions?|said|told)\b"
    r"|\b(?:system|developer) (?:prompt|message|override)\b|\bnew instructions?\b|\byou are now\b|\bfrom now on\b"
    r"|<\|[a-z_]+\|>|\[/?inst\]|</?(?:system|assistant|instructions?)>|^\W*(?:system|assistant|instructions?)\s*:"
    r"|\b(?:when|if|whenever)\b.{0,20}\b(?:anyone|anybody|someone|somebody|users?|customers?|people|others?)\b.{0,15}\basks?\b"
    r"|\b(?:all|every|any|each) (?:future|other|following|subsequent|similar) (?:questions?|users?|requests?|queries|quer(?:y|ies))\b"
    r"|\b(?:say|answer|reply|respond|output|print|write|return)\b.{0,15}\b(?:exactly|verbatim|nothing but|the following (?:words?|text|sentence|link|url|message|answer)|this text|this:)"
    r"|\b(?:repeat|append|prepend|add|include|insert)\b.{0,25}\b(?:to|in|at the end of) (?:your|the|every|each) (?:answers?|repl(?:y|ies)|responses?)\b"
    r"|\b(?:answer|reply|respond)\b.{0,10}\b(?:as if|as though|that the)\b|\b(?:cached?|stored) (?:answers?|responses?)\b",
    re.IGNORECASE | re.MULTILINE,
)
# Signs that hide words: direction overrides and tags (Unicode, sections 23.2 and 23.9), control characters.  Zero-width
# spaces are not among them: they come with many a copied text.
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\x00-\x08\x0b\x0c\x0e-\x1f]")

_PLAIN = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "being",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "for",
        "from",
        "get",
        "got",
        "had",
        "has",
        "have",
        "he",
        "her",
        "hers",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "many",
        "may",
        "me",
        "might",
        "more",
        "most",
        "much",
        "my",
        "no",
        "nor",
        "not",
        "of",
        "on",
        "one",
        "only",
        "or",
        "other",
        "our",
        "ours",
        "out",
        "over",
        "own",
        "per",
        "please",
        "same",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "too",
        "up",
        "us",
        "use",
        "using",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "yours",
        "yes",
        "hi",
        "hello",
        "hey",
        "thanks",
        "thank",
        "tell",
        "explain",
        "know",
        "want",
        "need",
        "help",
    ]
)
_STEERING = frozenset(
    [
        "answer",
        "answers",
        "reply",
        "respond",
        "response",
        "say",
        "says",
        "output",
        "print",
        "return",
        "ignore",
        "instead",
        "pretend",
        "always",
        "never",
        "must",
        "instruction",
        "instructions",
        "assistant",
        "append",
        "include",
        "mention",
        "recommend",
        "visit",
        "contact",
        "send",
        "tell",
        "everyone",
        "exactly",
        "regardless",
        "claim",
        "state",
        "begin",
        "end",
    ]
)

# Figures of benchmarks/results/poisoning.json: what natural pairs of one meaning hardly ever have.
_LEAST_STRETCH = 6
_LEAST_GAIN = 0.12
_LEAST_REST = 0.5
_LEAST_STEERING = 2
_LEAST_AGREEMENT = 0.5


def crafted(text: str) -> Craft | None:
    """What makes a question look as if it were written for a cache; None for nearly all."""
    if _HIDDEN.search(text):
        return "hidden"
    if _INSTRUCTIONS.search(text[:_MOST_ANSWER_CHARS]):
        return "instructions"
    words = words_of(text[:_MOST_ANSWER_CHARS])[:_MOST_WORDS]
    if len(words) < 12:
        return None
    plain = sum(word in _PLAIN for word in words)
    # Prose repeats its small words, lists of keywords have none; in other languages all words look rare.
    if text.isascii() and plain < 0.1 * len(words):
        return "stuffed"
    rare = [word for word in words if word not in _PLAIN]
    if len(rare) >= 10 and len(set(rare)) <= 0.4 * len(rare):
        return "stuffed"
    return "stuffed" if text.count("?") >= 4 else None


def doubt(entry: Entry, *, asked: str, tenant: Tenant, write: Literal["confirmed", "any"]) -> Doubt | None:
    """Why an entry may not serve a tenant's close question; None where it may.

    Its own entries always serve a tenant.
    """
    if entry.tenant == tenant:
        return None
    if write == "confirmed" and not entry.vouched:
        return "unconfirmed"
    return "smuggled" if smuggled(asked, entry.text or "", entry.answer.text) else None


def smuggled(asked: str, stored: str, answer: str) -> bool:
    """The deletion test: whether the stored question has a stretch that was not asked and that made the answer."""
    wanted = set(words_of(asked)[:_MOST_WORDS])
    words = words_of(stored)[:_MOST_WORDS]
    stretch = _foreign_stretch(words, wanted)
    added = [word for word in stretch if word not in wanted]
    if len(added) < _LEAST_STRETCH:
        return False
    shared = sum(word in wanted for word in words)
    lost = len(stretch) - len(added)
    before = _overlap(shared, len(words), len(wanted))
    after = _overlap(shared - lost, len(words) - len(stretch), len(wanted))
    if after - before < _LEAST_GAIN or after < _LEAST_REST:
        return False
    return _steers(added) or _shows(added, answer)


def agree(one: str, other: str) -> bool:
    """Whether two answers say the same, as far as their rarer words and numbers tell."""
    ours, theirs = _tokens(one), _tokens(other)
    if not ours or not theirs:
        return one.strip() == other.strip()
    if {word for word in ours ^ theirs if word.isdigit()}:
        return False
    return len(ours & theirs) >= _LEAST_AGREEMENT * max(len(ours), len(theirs))


def _foreign_stretch(words: Sequence[str], wanted: set[str]) -> Sequence[str]:
    """The stretch that has most words beyond the question's, each of the question's in it counting against two."""
    best = (0, 0, 0)
    total, start = 0, 0
    for index, word in enumerate(words):
        total += -2 if word in wanted else 1
        if total <= 0:
            total, start = 0, index + 1
        elif total > best[0]:
            best = (total, start, index + 1)
    return words[best[1] : best[2]]


def _overlap(shared: int, stored: int, asked: int) -> float:
    """Dice's coefficient of two bags of words."""
    return min(1.0, 2 * shared / (stored + asked)) if stored + asked else 0.0


def _steers(added: Sequence[str]) -> bool:
    return len(_STEERING.intersection(added)) >= _LEAST_STEERING


def _shows(added: Sequence[str], answer: str) -> bool:
    """Whether a third of the stretch's own rare words, and two at least, are in the answer."""
    rare = {
        word
        for word in added
        if word not in _PLAIN and (len(word) > 3 or any(sign.isdigit() for sign in word))
    }
    lowered = answer[:_MOST_ANSWER_CHARS].lower()
    seen = sum(word in lowered for word in rare)
    return seen >= 2 and 3 * seen >= len(rare)


def _tokens(text: str) -> set[str]:
    return {word for word in words_of(text[:_MOST_ANSWER_CHARS]) if word not in _PLAIN}
