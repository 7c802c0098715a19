"""Make pairs of requests with the label known by construction.

Questions alone do not teach a judge that "summarize the contract" and "translate the
contract" share a rare subject and still ask for two things, nor that "explain webhooks" and "what is a
webhook?" ask for one.  Subjects are cut from real questions, or whole questions are taken as a text to work on,
and put into wordings: two wordings of one request on one subject ask the same; another request on
that subject, or the same request on another subject, asks something else.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from sparingly.learning.judge.hard_negatives import DIFFERENT, MadePair
from sparingly.learning.judge.task_wordings import EDITS, MEANINGS, TASKS, WAYS

Wordings: TypeAlias = tuple[str, ...]

_NOUN: Final = re.compile(r"(?:what|who) (?:is|are|was|were) ((?:an? |the )?[^?.,]{3,60})\?*", re.IGNORECASE)
_WAY: Final = re.compile(r"how (?:do|can|should) (?:i|you|we) ([a-z]{3,} [^?.,]{3,60})\?*", re.IGNORECASE)
# A text to work on is a sentence, not a word and not a page.
_SHORTEST_TEXT, _LONGEST_TEXT = 20, 120


def task_pairs(texts: Iterable[str], *, seed: int) -> Iterator[MadePair]:
    """Pairs from each question that has a subject, and from some that have not as texts to work on."""
    rng = random.Random(seed)  # noqa: S311 - seeded draws, so that a fit can be made again
    every = list(texts)
    nouns = [noun for text in every if (noun := _cut(_NOUN, text)) is not None]
    ways = [way for text in every if (way := _cut(_WAY, text)) is not None]
    for subjects, wordings, others, again in (
        # Of tasks there are more than anybody can name, so most pairs of them differ.
        ([*nouns, *(f"how to {way}" for way in ways)], TASKS, TASKS, 1),
        (nouns, MEANINGS, (*MEANINGS, *TASKS), 2),
        (ways, WAYS, WAYS, 2),
    ):
        for subject in subjects:
            yield from _about(subject, subjects, wordings, rng, others=others, again=again)
    sentences = [text.strip() for text in every if _SHORTEST_TEXT <= len(text.strip()) <= _LONGEST_TEXT]
    for sentence in rng.sample(sentences, min(len(sentences), len(nouns) + len(ways))):
        yield from _on_text(sentence, sentences, rng)


def _cut(pattern: re.Pattern[str], text: str) -> str | None:
    """What a question is about, as it can stand in a request."""
    found = pattern.fullmatch(text.strip())
    return None if found is None else found[1]


def _about(
    subject: str,
    subjects: Sequence[str],
    tasks: Sequence[Wordings],
    rng: random.Random,
    *,
    others: Sequence[Wordings],
    again: int,
) -> Iterator[MadePair]:
    """Up to `again` pairs that ask the same, four that do not: three times one of `others`, once another subject."""
    task = rng.choice(tasks)
    one, *rest = rng.sample(task, min(len(task), 1 + again))
    for wording in rest:
        yield _pair(one.format(subject), wording.format(subject), same=True)
    for different in rng.sample([other for other in others if other is not task], 3):
        yield _pair(one.format(subject), rng.choice(different).format(subject), same=False)
    elsewhere = rng.choice(subjects)
    if elsewhere.lower() != subject.lower():
        yield _pair(one.format(subject), rng.choice(task).format(elsewhere), same=False)


def _on_text(sentence: str, sentences: Sequence[str], rng: random.Random) -> Iterator[MadePair]:
    """As `_about`, and one with a detail of the text changed."""
    yield from _about(sentence, sentences, EDITS, rng, others=EDITS, again=2)
    change = rng.choice(list(DIFFERENT.values()))
    changed = change(sentence, rng)
    if changed is not None and changed.lower() != sentence.lower():
        one, again = rng.sample(rng.choice(EDITS), 2)
        yield _pair(one.format(sentence), again.format(changed), same=False)


def _pair(one: str, other: str, *, same: bool) -> MadePair:
    return MadePair(one, other, same=same, kind="task")
