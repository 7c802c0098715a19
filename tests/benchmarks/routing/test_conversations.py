"""The figures about conversations are counted as they are described."""

import json
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.result import RESULTS
from benchmarks.routing.conversations import (
    AT_SHARE,
    CASES,
    Asked,
    Played,
    Shape,
    at_quality,
    conversations,
    figures,
    play,
    rules,
)
from sparingly.core.policy import Price, RoutingPolicy
from sparingly.core.pricing import NanoDollars, model_price
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.strategies import Learned, Pair, Sticky
from sparingly.learning.router.outcome_table import OutcomeTable

RESULT = RESULTS / "conversations.json"
TABLE = OutcomeTable(
    models=("big", "small"),
    ids=("0", "1"),
    groups=("g", "g"),
    prompts=("x" * 400, "y" * 400),
    scores=np.array([[1.0, 0.0], [1.0, 1.0]]),
    costs=np.zeros((2, 2)),
)
PRICES = {
    name: model_price(
        Price(input_usd_per_mtok=usd, output_usd_per_mtok=4 * usd, cached_input_usd_per_mtok=usd / 10)
    )
    for name, usd in (("big", 10.0), ("small", 5.0))
}
# The first prompt needs the big model, the second does not.
ESTIMATES = [
    Estimates((Estimate("big", 1.0, NanoDollars(0)), Estimate("small", small, NanoDollars(0))), support=1.0)
    for small in (0.2, 1.0)
]
PAIR = RoutingPolicy(
    pairs={"pair": Pair(strong="big", weak="small", score="learned", threshold=0.6)},
    learned=Learned(file="", default="big"),
)


def _played(rule: str, prompts: list[int]) -> Played:
    made = conversations(TABLE, Shape(system_tokens=(20_000,)), count=1, seed=1)[0][: len(prompts)]
    turns = [
        type(turn)(prompt, 20_000 + 400 * index, 300, 1_000.0 + 30 * index)
        for index, (turn, prompt) in enumerate(zip(made, prompts, strict=True))
    ]
    policy = Sticky()
    asked = Asked(ESTIMATES, PAIR, Sticky(memory=0.7 if rule == "sparingly" else 0.0))
    return play(turns, asked, rules(policy, PRICES)[rule], table=TABLE, prices=PRICES, policy=policy)


def test_the_same_seed_makes_the_same_conversations() -> None:
    """Each longer than the last by its question and the answer before it."""
    one, other = (conversations(TABLE, Shape(), count=5, seed=3) for _ in range(2))

    assert one == other
    for turns in one:
        assert len(turns) >= 2
        for before, after in pairwise(turns):
            assert after.tokens == before.tokens + before.answer_tokens + 100
            assert after.at > before.at


@pytest.mark.parametrize(
    ("rule", "switches", "score", "strong"),
    [
        ("never_stick", 2, 3.0, 1),
        ("pin_first", 0, 2.0, 0),
        ("only_up", 1, 3.0, 2),
        ("sparingly_without_memory", 1, 3.0, 2),
        ("sparingly", 1, 3.0, 2),
    ],
)
def test_the_rules_do_what_they_are_called(rule: str, switches: int, score: float, strong: int) -> None:
    """Easy, hard, easy: a prompt cache that was just filled is not left."""
    played = _played(rule, [1, 0, 1])

    assert (played.switches, played.score, played.strong) == (switches, score, strong)


def test_one_turn_in_many_moves_a_conversation_less() -> None:
    """Four easy turns say more than one hard one; two hard ones in a row are believed."""
    assert _played("sparingly_without_memory", [1, 1, 1, 1, 0, 1]).switches > 0
    assert _played("sparingly", [1, 1, 1, 1, 1, 1]).switches == 0
    assert _played("sparingly", [1, 1, 1, 1, 0, 0, 0]).strong > 0


def test_a_switch_pays_for_the_whole_conversation_again() -> None:
    """And coming back within five minutes reads what is still known there."""
    # 20,000 and 20,800 tokens at 5 dollars, 20,400 at 10: the last finds 20,300 of its own from a minute before.
    usd = 20_000 * 5 + 20_400 * 10 + (20_800 - 20_300) * 5 + 20_300 * 0.5 + 300 * (20 + 40 + 20)

    assert _played("never_stick", [1, 0, 1]).cost_usd == pytest.approx(usd / 1e6)


def test_figures_are_means() -> None:
    """Over conversations and over turns."""
    got = figures([Played(1.0, 3.0, 2, 4, 1), Played(3.0, 1.0, 0, 4, 3)])

    assert got == {
        "cost_usd_per_conversation": 2.0,
        "quality": 0.5,
        "switches_per_conversation": 1.0,
        "strong_share": 0.5,
    }


@pytest.mark.parametrize(
    ("quality", "cost"),
    [(0.5, 1.0), (0.6, 1.5), (0.7, 2.0), (0.8, None), (0.4, 1.0)],
)
def test_cost_at_a_quality_lies_on_the_rules_own_curve(quality: float, cost: float | None) -> None:
    """None where it never gets there."""
    found = at_quality(quality, [(1.0, 0.5), (2.0, 0.7)])

    assert found == (None if cost is None else pytest.approx(cost))


def test_the_committed_result_has_every_table_and_rule() -> None:
    """Whatever it shows."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))

    assert set(result["tables"]) == {case.table for case in CASES}
    for table in result["tables"].values():
        assert set(table[f"at_strong_share_{AT_SHARE}"]) == {
            "never_stick",
            "pin_first",
            "only_up",
            "sparingly_without_memory",
            "sparingly",
        }
