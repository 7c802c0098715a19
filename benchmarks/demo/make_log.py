"""Make the log that `sparingly demo` plays: a few hundred requests to a help desk that does not exist.

Semi-synthetic and seeded: all sentences come from sentences.yaml, which was
written for this purpose; popularity, order and times are drawn.  It is honest
rather than kind: questions that differ in one detail are in it, so a cache that
matches too loosely serves wrong answers, and fillers that never repeat keep the
hit rate where real help desks have it.

    python -m benchmarks.demo.make_log            writes the log into the package
"""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import yaml

HERE = Path(__file__).parent
SENTENCES = HERE / "sentences.yaml"
OUT = HERE.parents[1] / "src" / "sparingly" / "replay" / "demo_log.jsonl.gz"

SEED = 20260302
# 2026-03-02 09:00 UTC, a Monday morning.
BEGIN = 1_772_442_000.0
SPAN_S = 4 * 3600.0
QUESTIONS = 240
TASKS = 108
# What both clients have been paying for so far: every request went to the strongest model.
RECORDED_MODEL = "claude-opus-4-6"
# 4 characters a token: OpenAI's rule of thumb for English.
CHARS_PER_TOKEN = 4

OPENINGS = ("", "Hi! ", "Hello, ", "Good morning. ", "Quick question: ", "Hi there, ")
ENDINGS = ("", " Thanks!", " Thank you.", " Thanks in advance", " Best, Mara")


class App(msgspec.Struct, frozen=True):
    """A client of the gateway: the model it asks for and its system prompt."""

    name: str
    model: str
    system: str


# The widget lets the gateway choose, the back office names the model it has always used.
WIDGET = App(
    "widget",
    "auto",
    "You answer questions of users of Quillstack, an invoicing service. Answer in two or three sentences.",
)
OFFICE = App("office", RECORDED_MODEL, "You assist the staff of Quillstack. Be brief and precise.")


class Draft(msgspec.Struct, frozen=True):
    """A request before it has a time."""

    app: App
    label: str
    turns: tuple[str, ...]
    answer: str
    fields: dict[str, object] = {}


class Question(msgspec.Struct, frozen=True):
    """Several ways to ask for the same answer."""

    label: str
    asks: list[str]
    answer: str
    family: str = ""


class Conversation(msgspec.Struct, frozen=True):
    """Pairs of what the user says and what is answered."""

    turns: list[tuple[str, str]]


class Tasks(msgspec.Struct, frozen=True):
    """Every combination of `what` and `about` is another task."""

    what: list[str]
    about: list[str]
    answer: str


class Hard(msgspec.Struct, frozen=True):
    """A task that a strong model should get."""

    ask: str
    answer: str


class Sentences(msgspec.Struct, frozen=True):
    """The file of sentences."""

    questions: list[Question]
    conversations: list[Conversation]
    tasks: Tasks
    hard: list[Hard]


def main() -> None:
    """Write the log; the same seed gives the same log."""
    lines = [json.dumps(line, ensure_ascii=False) for line in log()]
    # mtime 0 and the fixed level keep the file the same from run to run.
    OUT.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), compresslevel=9, mtime=0))
    print(f"{OUT.name}: {len(lines)} requests, {OUT.stat().st_size} bytes")


def log(seed: int = SEED) -> list[dict[str, object]]:
    """All lines in order of time."""
    rng = random.Random(seed)
    sentences = msgspec.convert(yaml.safe_load(SENTENCES.read_text(encoding="utf-8")), Sentences)
    singles = [
        *_questions(sentences.questions, rng),
        *_tasks(sentences.tasks, rng),
        *_hard(sentences.hard),
    ]
    timed = [(rng.uniform(0.0, SPAN_S), draft) for draft in singles]
    for begun, conversation in _conversations(sentences.conversations, rng):
        timed += [(begun + 45.0 * index, draft) for index, draft in enumerate(conversation)]
    timed.sort(key=lambda one: one[0])
    return [_line(index, time, draft, rng) for index, (time, draft) in enumerate(timed)]


def _questions(questions: list[Question], rng: random.Random) -> Iterator[Draft]:
    """Popularity by Zipf's law over questions; every way to ask one is as likely."""
    order = rng.sample(questions, len(questions))
    weights = [1 / rank**0.9 for rank in range(1, len(order) + 1)]
    drawn = rng.choices(order, weights, k=QUESTIONS - len(order))
    # Everything is asked once at least, so that every trap is there.
    for question in (*order, *drawn):
        app = WIDGET if rng.random() < 0.75 else OFFICE
        yield Draft(app, question.label, (_typed(rng.choice(question.asks), rng),), question.answer)


def _typed(ask: str, rng: random.Random) -> str:
    """As people type: half of them greet, thank, or spare themselves capitals and question marks."""
    if rng.random() < 0.5:
        return ask
    if rng.random() < 0.4:
        return ask.lower().rstrip("?.")
    return rng.choice(OPENINGS) + ask + rng.choice(ENDINGS)


def _tasks(tasks: Tasks, rng: random.Random) -> Iterator[Draft]:
    """Fillers: no task comes twice; some ask for variety, which keeps them out of the cache."""
    pairs = [(what, about) for what in tasks.what for about in tasks.about]
    for number, (what, about) in enumerate(rng.sample(pairs, TASKS)):
        fields: dict[str, object] = {"temperature": 1.3} if number % 10 == 0 else {}
        app = OFFICE if number % 3 else WIDGET
        yield Draft(app, f"task-{number}", (f"{what} {about}.",), tasks.answer, fields)


def _hard(hard: list[Hard]) -> Iterator[Draft]:
    """Each once from either client: only the one that leaves the choice open can be routed."""
    for number, one in enumerate(hard):
        for app in (WIDGET, OFFICE):
            yield Draft(app, f"hard-{number}", (one.ask.strip(),), one.answer.strip())


def _conversations(
    conversations: list[Conversation], rng: random.Random
) -> Iterator[tuple[float, list[Draft]]]:
    """Each is held twice, word by word: the second time every turn is known already."""
    for number, conversation in enumerate(conversations):
        for begun in sorted(rng.uniform(0.0, SPAN_S - 300.0) for _ in range(2)):
            drafts = []
            said: tuple[str, ...] = ()
            for index, (ask, answer) in enumerate(conversation.turns):
                # Conversations may begin alike; then their first turns have one answer.
                label = f"opening-{ask}" if index == 0 else f"conversation-{number}-{index}"
                drafts.append(Draft(WIDGET, label, (*said, ask), answer))
                said = (*said, ask, answer)
            yield begun, drafts


def _line(index: int, time: float, draft: Draft, rng: random.Random) -> dict[str, object]:
    roles = ("user", "assistant")
    messages = [{"role": "system", "content": draft.app.system}]
    messages += [{"role": roles[turn % 2], "content": text} for turn, text in enumerate(draft.turns)]
    request: dict[str, object] = {"model": draft.app.model, "messages": messages, **draft.fields}
    if draft.app is WIDGET and rng.random() < 0.5:
        request["stream"] = True
    tokens = len(draft.answer) // CHARS_PER_TOKEN
    return {
        "id": f"demo-{index:04d}",
        "time": round(BEGIN + time, 3),
        "request": request,
        "response": _response(index, round(BEGIN + time), messages, draft.answer),
        # 0.7 s to the first token and 60 tokens a second: the order of magnitude of large hosted models.
        "latency_s": round(0.7 + tokens / 60 + rng.expovariate(4.0), 3),
        "label": draft.label,
    }


def _response(index: int, created: int, messages: list[dict[str, str]], answer: str) -> dict[str, object]:
    prompt = sum(len(message["content"]) for message in messages) // CHARS_PER_TOKEN
    completion = len(answer) // CHARS_PER_TOKEN
    return {
        "id": f"chatcmpl-demo{index:04d}",
        "object": "chat.completion",
        "created": created,
        "model": RECORDED_MODEL,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }


if __name__ == "__main__":
    main()
