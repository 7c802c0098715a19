"""Make semi-synthetic traffic logs from real texts and real arrival times.

There is no public log of LLM traffic with texts and times, so streams are put
together: texts come by class with Zipf popularity (paraphrases that may share
an answer), fillers never repeat, traps differ in one detail, conversations carry
their history.  Same seed, same log.  Labels are in the log; where a source knows
explicit negatives only, `differs` says so, and other hits there stay unjudged.

    python -m benchmarks.streams qqp --out qqp.jsonl.gz        every distinct question once
    python -m benchmarks.streams mixed --out mixed.jsonl.gz --requests 10000
"""

import argparse
import gzip
import random
from collections.abc import Callable, Iterator
from itertools import accumulate, cycle
from pathlib import Path

import msgspec

from benchmarks.data_folder import rows

# 2026-01-05 00:00 UTC, a Monday.
BEGIN = 1_767_571_200.0
MODEL = "gpt-4o"
PLACEHOLDER = "An answer."
CHARS_PER_TOKEN = 4
# Shares of a mixed stream: a help desk inside a product with open chat.  No one mix speaks for all traffic, so
# never quote one hit rate.  The texts of conversations are few; a larger share would only repeat them.
SHARES = {"classes": 0.50, "fillers": 0.34, "traps": 0.10, "conversations": 0.06}
# Popularity of a class is its rank to the power of minus this.
ZIPF = 0.7


class Question(msgspec.Struct, frozen=True):
    """A text with its class; `differs` are texts that it is known to differ from, None where all labels are known."""

    text: str
    label: str
    differs: tuple[str, ...] | None = None
    history: tuple[str, ...] = ()


class Line(msgspec.Struct, omit_defaults=True):
    """A line of a traffic log."""

    id: str
    time: float
    request: dict[str, object]
    response: dict[str, object]
    label: str
    differs: list[str] | None = None


def main() -> None:
    """Write the log that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=["qqp", "mixed"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--requests", type=int, default=10_000, help="of a mixed stream")
    parser.add_argument("--arrivals", default="mooncake_conversation", help="or azure_conv, azure_code")
    args = parser.parse_args()

    if args.kind == "qqp":
        lines = qqp_stream(args.seed)
    else:
        lines = mixed_stream(args.seed, args.requests, arrivals=args.arrivals)
    count = write(args.out, lines)
    print(f"{args.out}: {count} requests")


def write(path: Path, lines: Iterator[Line]) -> int:
    """Write a gzipped log; the same lines give the same bytes."""
    encoder = msgspec.json.Encoder()
    text = [encoder.encode(line) for line in lines]
    path.write_bytes(gzip.compress(b"\n".join(text) + b"\n", mtime=0))
    return len(text)


def qqp_questions() -> list[Question]:
    """Every distinct question of the pairs, in the order of the file, with its explicit negatives."""
    classes: dict[str, str] = {}
    differs: dict[str, dict[str, None]] = {}
    for row in rows("pairs/qqp"):
        a, b = str(row["a"]), str(row["b"])
        classes.setdefault(a, str(row["class_a"]))
        classes.setdefault(b, str(row["class_b"]))
        if not row["same"] and a != b:
            differs.setdefault(a, {})[b] = None
            differs.setdefault(b, {})[a] = None
    return [Question(text, label, tuple(differs.get(text, ()))) for text, label in classes.items()]


def qqp_stream(seed: int) -> Iterator[Line]:
    """Every distinct question once, shuffled, a second apart."""
    questions = qqp_questions()
    random.Random(seed).shuffle(questions)
    times = (BEGIN + index for index in range(len(questions)))
    return _lines(questions, times, cycle([len(PLACEHOLDER) // CHARS_PER_TOKEN]))


def mixed_stream(seed: int, requests: int, *, arrivals: str = "mooncake_conversation") -> Iterator[Line]:
    """Classes by popularity, fillers, traps and conversations, at recorded arrival times."""
    rng = random.Random(seed)
    draws: dict[str, Callable[[], Question]] = {
        "classes": _popular(_classes(), rng),
        "fillers": _each_once(_fillers(rng)),
        "traps": _each_once(_traps(rng)),
        "conversations": _conversations(rng),
    }
    kinds = rng.choices(list(SHARES), list(SHARES.values()), k=requests)
    questions = [draws[kind]() for kind in kinds]
    times, output_tokens = _arrivals(arrivals, requests)
    return _lines(questions, iter(times), iter(output_tokens))


def _lines(questions: list[Question], times: Iterator[float], output_tokens: Iterator[int]) -> Iterator[Line]:
    ids = [f"r{index:06d}" for index in range(len(questions))]
    by_text: dict[str, list[str]] = {}
    for id_, question in zip(ids, questions, strict=True):
        by_text.setdefault(question.text, []).append(id_)
    for id_, question, time, tokens in zip(ids, questions, times, output_tokens, strict=False):
        differs = question.differs
        yield Line(
            id=id_,
            time=round(time, 3),
            request={"model": MODEL, "messages": _messages(question)},
            response=_response(question, tokens),
            label=question.label,
            # Texts that are not in this stream can't be hit.
            differs=None if differs is None else [one for text in differs for one in by_text.get(text, ())],
        )


def _messages(question: Question) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    said = (*question.history, question.text)
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(said)]


def _response(question: Question, output_tokens: int) -> dict[str, object]:
    prompt = sum(map(len, (*question.history, question.text))) // CHARS_PER_TOKEN
    message = {"role": "assistant", "content": PLACEHOLDER}
    return {
        "id": "chatcmpl-placeholder",
        "object": "chat.completion",
        "created": int(BEGIN),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": output_tokens,
            "total_tokens": prompt + output_tokens,
        },
    }


def _classes() -> list[list[Question]]:
    """Classes of two texts or more, of three sources."""
    found: dict[str, list[Question]] = {}
    for question in qqp_questions():
        found.setdefault(f"qqp-{question.label}", []).append(question)
    for row in rows("pairs/medical"):
        if row["same"]:
            # Wrong pairs are left out: two of one group that nobody compared would be labelled by accident.
            texts = (str(row["a"]), str(row["b"]))
            found[f"medical-{row['id']}"] = [Question(text, f"medical-{row['id']}", ()) for text in texts]
    for row in rows("pairs/osschat_clusters"):
        label = f"docs-{row['id']}"
        found[label] = [Question(str(text), label) for text in _texts(row["questions"])]
    return [members for members in found.values() if len(members) > 1]


def _popular(classes: list[list[Question]], rng: random.Random) -> Callable[[], Question]:
    """Draw a class by Zipf's law, then any of its texts."""
    ranked = rng.sample(classes, len(classes))
    weights = list(accumulate(1 / rank**ZIPF for rank in range(1, len(ranked) + 1)))

    def draw() -> Question:
        [members] = rng.choices(ranked, cum_weights=weights)
        return rng.choice(members)

    return draw


def _fillers(rng: random.Random) -> Iterator[Question]:
    """Real prompts first; when they are used up, questions that stand alone; none twice."""
    prompts = [str(row["prompt"]) for row in rows("prompts/arena_hard_v2.0")]
    questions = [str(row["question"]) for row in rows("freshness/situatedqa_train")]
    rng.shuffle(prompts)
    rng.shuffle(questions)
    for index, text in enumerate((*prompts, *questions)):
        yield Question(text, f"filler-{index}")


def _each_once(questions: Iterator[Question]) -> Callable[[], Question]:
    seen: set[str] = set()

    def draw() -> Question:
        for question in questions:
            if question.text not in seen:
                seen.add(question.text)
                return question
        raise SystemExit("The texts that come once are used up: ask for fewer requests.")

    return draw


def _traps(rng: random.Random) -> Iterator[Question]:
    """Questions that differ in one detail from another one here: hand-made pairs, then labelled ones."""
    leaders: dict[str, str] = {}
    for row in [*rows("pairs/traps_banking"), *rows("pairs/traps_finance")]:
        a, b = str(row["a"]), str(row["b"])
        leaders.setdefault(a, a)
        leaders.setdefault(b, leaders[a] if row["same"] else b)
    made = [Question(text, f"trap-{label}") for text, label in leaders.items()]
    rng.shuffle(made)
    yield from made
    known = {question.text: question for question in qqp_questions() if question.differs}
    for text in rng.sample(sorted(known), len(known)):
        yield known[text]
        # Its negative follows at once, while it is still in memory.
        yield known[(known[text].differs or (text,))[0]]


def _conversations(rng: random.Random) -> Callable[[], Question]:
    """Some dozen conversations are under way at any time; each draw is the next turn of one."""
    talks = [
        (str(row["id"]), [_raw(turn) for turn in _texts(row["turns"])])
        for row in rows("conversations/treccast")
    ]
    deck: list[tuple[str, list[str]]] = []
    under_way: list[Iterator[Question]] = []

    def begin() -> Iterator[Question]:
        if not deck:
            deck.extend(rng.sample(talks, len(talks)))
        name, turns = deck.pop()
        history: tuple[str, ...] = ()
        for index, text in enumerate(turns):
            yield Question(text, f"talk-{name}-{index}", history=history)
            history = (*history, text, PLACEHOLDER)

    def draw() -> Question:
        while len(under_way) < 12:
            under_way.append(begin())
        index = rng.randrange(len(under_way))
        question = next(under_way[index], None)
        if question is not None:
            return question
        under_way[index] = begin()
        return next(under_way[index])

    return draw


def _arrivals(name: str, requests: int) -> tuple[list[float], list[int]]:
    """Times and output lengths as recorded; a short recording is played again from its end."""
    recorded = list(rows(f"arrivals/{name}"))
    first = _seconds(recorded[0])
    span = _seconds(recorded[-1]) - first + 1.0
    times, tokens = [], []
    for index in range(requests):
        row = recorded[index % len(recorded)]
        times.append(BEGIN + span * (index // len(recorded)) + _seconds(row) - first)
        tokens.append(int(str(row["output_tokens"])))
    # Azure's times are not in order to the microsecond.
    return sorted(times), tokens


def _seconds(row: dict[str, object]) -> float:
    if "time_ms" in row:
        return float(str(row["time_ms"])) / 1000
    # "2023-11-16 18:15:46.6805900": the day does not change within a recording's hour.
    hours, minutes, seconds = str(row["time"]).split()[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _texts(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _raw(turn: object) -> str:
    return str(turn["raw"]) if isinstance(turn, dict) else str(turn)


if __name__ == "__main__":
    main()
