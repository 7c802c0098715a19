"""Pairs of requests whose label is known."""

from sparingly.learning.judge.made_tasks import task_pairs
from sparingly.learning.judge.task_wordings import EDITS, MEANINGS, TASKS, WAYS

QUESTIONS = [
    "What is the capital of Peru?",
    "How do I paint a wooden fence?",
    "hello",
    "Who was Ada Lovelace?",
    "My 2 cards have not arrived in Paris yet",
]


def test_only_questions_with_a_subject_make_pairs() -> None:
    """A greeting is about nothing, and is no text to work on."""
    told = " ".join(pair.a for pair in task_pairs(QUESTIONS, seed=0))

    assert "the capital of Peru" in told
    assert "how to paint a wooden fence" in told
    assert "hello" not in told


def test_two_wordings_of_one_request_ask_the_same_and_nothing_else_does() -> None:
    """Read back from the wordings: the request and the subject decide."""
    made = list(task_pairs(QUESTIONS * 20, seed=1))

    for pair in made:
        assert pair.same == (not readings(pair.a).isdisjoint(readings(pair.b)))
        assert pair.a != pair.b
    assert {pair.same for pair in made} == {True, False}


def test_a_text_with_a_detail_changed_is_another_text() -> None:
    """The longer the text, the less a changed number shows."""
    texts = {
        text
        for pair in task_pairs(QUESTIONS * 20, seed=2)
        for (_, _, text) in readings(pair.b)
        if text.endswith("arrived in Paris yet") and text.startswith("My ")
    }

    assert len(texts) > 1


def readings(text: str) -> set[tuple[str, int, str]]:
    """All ways in which a text is a request about a subject."""
    found = set()
    for name, lines in {"tasks": TASKS, "meanings": MEANINGS, "ways": WAYS, "edits": EDITS}.items():
        for number, wordings in enumerate(lines):
            for wording in wordings:
                before, after = wording.split("{}")
                if text.startswith(before) and text.endswith(after) and len(text) > len(before + after):
                    found.add((name, number, text[len(before) : len(text) - len(after)]))
    return found


def test_the_same_seed_makes_the_same_pairs() -> None:
    """So that a fit can be made again."""
    assert list(task_pairs(QUESTIONS, seed=3)) == list(task_pairs(QUESTIONS, seed=3))
    assert list(task_pairs(QUESTIONS * 9, seed=3)) != list(task_pairs(QUESTIONS * 9, seed=4))
