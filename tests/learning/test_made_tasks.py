"""Pairs of instructions whose label is known."""

from itertools import combinations

from sparingly.learning.made_tasks import TASKS, task_pairs

QUESTIONS = [
    "What is the capital of Peru?",
    "How do I paint a wooden fence?",
    "hello",
    "Who was Ada Lovelace?",
]


def test_only_questions_with_a_subject_make_pairs() -> None:
    """A greeting is about nothing."""
    told = " ".join(pair.a for pair in task_pairs(QUESTIONS, seed=0))

    assert "the capital of Peru" in told
    assert "how to paint a wooden fence" in told
    assert "hello" not in told


def test_two_wordings_of_one_task_ask_the_same_and_nothing_else_does() -> None:
    """Read back from the wordings: the task and the subject decide."""
    for pair in task_pairs(QUESTIONS * 20, seed=1):
        both = [{number for number, _, subject in readings(text)} for text in (pair.a, pair.b)]
        subjects = [{subject for _, _, subject in readings(text)} for text in (pair.a, pair.b)]

        assert pair.same == (bool(both[0] & both[1]) and bool(subjects[0] & subjects[1]))
        assert pair.a != pair.b


def readings(text: str) -> list[tuple[int, str, str]]:
    """All ways in which a text is a wording of a task on a subject."""
    found = []
    for number, wordings in enumerate(TASKS):
        for wording in wordings:
            before, after = wording.split("{}")
            if text.startswith(before) and text.endswith(after) and len(text) > len(before + after):
                found.append((number, wording, text[len(before) : len(text) - len(after)]))
    return found


def test_the_same_seed_makes_the_same_pairs() -> None:
    """So that a fit can be made again."""
    assert list(task_pairs(QUESTIONS, seed=3)) == list(task_pairs(QUESTIONS, seed=3))
    assert list(task_pairs(QUESTIONS * 9, seed=3)) != list(task_pairs(QUESTIONS * 9, seed=4))


def test_no_wording_belongs_to_two_tasks() -> None:
    """Otherwise a pair would be the same and different."""
    assert all(set(one).isdisjoint(other) for one, other in combinations(TASKS, 2))
