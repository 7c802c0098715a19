"""Make pairs of instructions with the label known by construction.

Questions alone do not teach a judge that "summarize the contract" and "translate the
contract" share a rare subject and still ask for two things.  Subjects are cut from real
questions and put into tasks: two wordings of one task ask the same; another task on the same subject,
or the same task on another subject, asks something else.
"""

import random
import re
from collections.abc import Iterable, Iterator
from typing import Final

from sparingly.learning.hard_negatives import MadePair

TASKS: Final = (
    ("Summarize {}", "Give me a summary of {}", "Sum up {}", "Can you summarize {}?"),
    ("Write a poem about {}", "Compose a poem on {}", "I need a poem about {}"),
    (
        "Write a formal letter about {}",
        "Draft a formal letter concerning {}",
        "Compose a formal letter on {}",
    ),
    (
        "List the advantages and disadvantages of {}",
        "What are the pros and cons of {}?",
        "Pros and cons of {}",
    ),
    (
        "Explain {} to a child",
        "Explain {} so that a child understands it",
        "How would you explain {} to a child?",
    ),
    ("Write a tweet about {}", "Compose a tweet on {}", "Give me a tweet about {}"),
    ("Create a quiz on {}", "Make a quiz about {}", "Put together a quiz on {}"),
    ("Write an email to my boss about {}", "Draft an email to my boss concerning {}"),
    ("Write an apology to a client about {}", "Draft an apology to a client concerning {}"),
    ("Suggest headlines for a story on {}", "Give me headlines for a story about {}"),
    ("Outline a presentation on {}", "Make an outline for a presentation about {}"),
    ("Write an essay on {}", "Write me an essay about {}", "I need an essay on {}"),
    ("Translate a text about {} into French", "Put a text about {} into French"),
    ("Translate a text about {} into German", "Put a text about {} into German"),
    ("Prepare an agenda for a meeting about {}", "Draw up a meeting agenda on {}"),
    ("Write a product description for {}", "Draft a product description of {}"),
    ("Compare {} with its alternatives", "How does {} compare with its alternatives?"),
    ("Give me a timeline of {}", "Write down the timeline of {}"),
    ("What are the risks of {}?", "List the risks of {}", "Name the risks of {}"),
    ("Write a story about {}", "Tell me a story about {}", "Make up a story on {}"),
    ("Write a press release about {}", "Draft a press release on {}"),
    ("Give me ideas for a video on {}", "Suggest ideas for a video about {}"),
)
"""Tasks, each in several wordings; no two of them ask for the same."""

_SUBJECTS: Final = (
    re.compile(r"(?:what|who) (?:is|are|was|were) ((?:an? |the )?[^?.,]{6,60})\?*", re.IGNORECASE),
    re.compile(r"how (?:do|can|should) (?:i|you|we) ([a-z]{3,} [^?.,]{6,60})\?*", re.IGNORECASE),
)


def task_pairs(texts: Iterable[str], *, seed: int) -> Iterator[MadePair]:
    """Four pairs for each question with a subject: one that asks the same, three that do not."""
    rng = random.Random(seed)  # noqa: S311 - seeded draws, so that a fit can be made again
    subjects = [subject for text in texts if (subject := _subject(text)) is not None]
    for subject in subjects:
        task, other, third = rng.sample(TASKS, 3)
        one, again = rng.sample(task, 2)
        yield _pair(one.format(subject), again.format(subject), same=True)
        for different in (other, third):
            yield _pair(one.format(subject), rng.choice(different).format(subject), same=False)
        elsewhere = rng.choice(subjects)
        if elsewhere.lower() != subject.lower():
            yield _pair(one.format(subject), rng.choice(task).format(elsewhere), same=False)


def _subject(text: str) -> str | None:
    """What a question is about, as it can stand in a task."""
    for pattern in _SUBJECTS:
        found = pattern.fullmatch(text.strip())
        if found is not None:
            return found[1] if pattern is _SUBJECTS[0] else f"how to {found[1]}"
    return None


def _pair(one: str, other: str, *, same: bool) -> MadePair:
    return MadePair(one, other, same=same, kind="task")
