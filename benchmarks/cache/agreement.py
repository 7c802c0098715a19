"""How often is the comparison of a stored with a fresh answer right, wrong, or no comparison?

Two sets.  The figures are optimistic, for neither was kept away from what they measure: the rule about words in
the place of others (case 5 in `core/guarantee/agreement.py`), and which kinds of change are reported here, were chosen after a
look at CacheSafety by kind, and the answers of both sets are CacheSafety's.

 cachesafety  where a request's own answer is known, it stands for the fresh one beside the stored answer of
              the old request; whether the stored one may be served is labelled.
 made         the answers of that set with one detail changed by the generators of `learning/judge/hard_negatives.py`: those
              kinds of change that make sense in an answer; and random pairs of answers.

    python -m benchmarks.cache.agreement        writes results/agreement.json
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Final

import msgspec

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from sparingly.core.evidence.word_table import WordTable
from sparingly.core.guarantee.agreement import Agreement, texts_agree
from sparingly.core.judging.model import load_judge
from sparingly.embedders.fastembed_model import load
from sparingly.learning.judge.hard_negatives import made_pairs

# Changes of the wording of a request (its format, a limit, manners) say nothing of an answer's content.
_IN_ANSWERS: Final = frozenset(
    {
        "action", "direction", "entity", "modal", "negation", "number", "principal", "product", "quantifier", "role",
        "tier", "unit", "contraction", "order", "padded", "polite", "surface", "synonym",
    }
)  # fmt: skip
_RANDOM_PAIRS: Final = 3_000


class Compared(msgspec.Struct, frozen=True):
    """A stored and a fresh answer, whether they say the same, and the kind of pair."""

    stored: str
    fresh: str
    same: bool
    kind: str


def main() -> None:
    """Compare, count, write."""
    table = load_judge(
        files("sparingly.judge").joinpath("judge.bin").read_bytes(),
        embedder=load("minilm", threads=1).name,
        source="of the package",
    ).table
    answers = sorted({str(row["old_answer"]) for row in rows("pairs/cachesafety")})
    sets = {
        "cachesafety": list(cachesafety()),
        "made": list(made(answers)),
        "random": list(random_pairs(answers, seed=0)),
    }
    figures = {
        "what": __doc__,
        "answers": len(answers),
        "sets": {name: told(pairs, table) for name, pairs in sets.items()},
        "made_by_kind": {
            f"{kind}, {'same' if same else 'different'}": told(list(pairs), table)["said"]
            for (same, kind), pairs in itertools.groupby(
                sorted(sets["made"], key=lambda pair: (pair.same, pair.kind)),
                key=lambda pair: (pair.same, pair.kind),
            )
        },
    }
    print(figures["sets"])
    print(write_result("agreement", figures))


def cachesafety() -> Iterator[Compared]:
    """Requests whose own answer is known, with the stored answer they might have got."""
    every = list(rows("pairs/cachesafety"))
    own = {str(row["old_request"]): str(row["old_answer"]) for row in reversed(every)}
    for row in every:
        request = msgspec.convert(row["request"], type=dict[str, object])
        messages = msgspec.convert(request["messages"], type=list[dict[str, object]])
        asked = [str(one["content"]) for one in messages if one.get("role") == "user"][-1]
        if asked != row["old_request"] and asked in own:
            same = row["expected"] == "semantic_safe"
            yield Compared(str(row["old_answer"]), own[asked], same, str(row["kind"]))


def made(answers: Iterable[str]) -> Iterator[Compared]:
    """Answers with one detail changed."""
    for pair in made_pairs(answers, seed=0):
        if pair.kind in _IN_ANSWERS:
            yield Compared(pair.a, pair.b, pair.same, pair.kind)


def random_pairs(answers: list[str], *, seed: int) -> Iterator[Compared]:
    """Answers to two different questions."""
    rng = random.Random(seed)
    for _ in range(_RANDOM_PAIRS):
        one, other = rng.sample(answers, 2)
        yield Compared(one, other, same=False, kind="random")


def told(pairs: list[Compared], table: WordTable) -> dict[str, dict[str, int]]:
    """What was said of pairs that are the same and of others; and how much of what was clear was mistaken."""
    said: dict[bool, Counter[Agreement]] = {True: Counter(), False: Counter()}
    for pair in pairs:
        said[pair.same][texts_agree(pair.stored, pair.fresh, table)] += 1
    return {
        "said": {
            f"{'same' if same else 'different'}, {word}": counts[word]
            for same, counts in said.items()
            for word in ("right", "wrong", "unclear")
            if counts[word]
        },
        "mistaken": {
            "right": said[False]["right"],
            "of right": said[False]["right"] + said[True]["right"],
            "wrong": said[True]["wrong"],
            "of wrong": said[True]["wrong"] + said[False]["wrong"],
        },
    }


if __name__ == "__main__":
    main()
