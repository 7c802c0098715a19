"""A conversation goes up at once, and down when it pays."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.answer import Usage
from sparingly.core.policy import Price
from sparingly.core.pricing import NanoDollars, model_price
from sparingly.core.routing.estimates import Estimate, Estimates
from sparingly.core.routing.selecting import Selection
from sparingly.core.routing.sticking import Held, Stuck, after_turn, is_warm, pays, remembered, stick
from sparingly.core.strategies import Sticky

NOW = 10_000.0
POLICY = Sticky(margin=2.0, cache_ttl_s=300.0)
PRICES = {
    "big": model_price(
        Price(
            input_usd_per_mtok=5.0,
            output_usd_per_mtok=25.0,
            cached_input_usd_per_mtok=0.5,
            cache_write_usd_per_mtok=6.25,
        )
    ),
    "small": model_price(
        Price(
            input_usd_per_mtok=1.0,
            output_usd_per_mtok=5.0,
            cached_input_usd_per_mtok=0.1,
            cache_write_usd_per_mtok=1.25,
        )
    ),
}
LADDER = ("small", "big")
SMALL, BIG = Selection("small", "classified", ladder=LADDER), Selection("big", "classified", ladder=LADDER)
LONG = Held("big", NOW - 10, turns=2, tokens=40_000, answer_tokens=300)


def _stick(selection: Selection, held: Held | None, *, tokens: int = 40_500, **policy: object) -> Stuck:
    sticky = msgspec.structs.replace(POLICY, **policy)
    return stick(selection, held, policy=sticky, prices=PRICES, tokens=tokens, now=NOW)


@pytest.mark.parametrize(
    ("selection", "held", "stuck"),
    [
        (SMALL, None, Stuck("small", "first")),
        (SMALL, Held("small", NOW), Stuck("small", "same")),
        (BIG, msgspec.structs.replace(LONG, model="small"), Stuck("big", "up")),
        # To read 40,000 tokens anew takes 0.046 dollars there, and 0.23 to come back; a turn saves 0.022 at most.
        (SMALL, LONG, Stuck("big", "stayed")),
        # It needed the big one at every turn so far: it will again.
        (SMALL, msgspec.structs.replace(LONG, turns=30, here=30, needed=30), Stuck("big", "stayed")),
        # A hundred turns, and only the first was hard.
        (SMALL, msgspec.structs.replace(LONG, turns=100, here=100, needed=1), Stuck("small", "down")),
        # The old cache has expired.
        (SMALL, msgspec.structs.replace(LONG, at=NOW - 301), Stuck("small", "down")),
        # Too short for a cache.
        (SMALL, msgspec.structs.replace(LONG, tokens=1_000), Stuck("small", "down")),
    ],
)
def test_up_is_free_and_down_must_pay(selection: Selection, held: Held | None, stuck: Stuck) -> None:
    """The longer it has been, the longer it is expected to go on."""
    assert _stick(selection, held) == stuck


def test_who_does_not_stick_goes_where_it_is_sent() -> None:
    """The operator's choice."""
    assert _stick(SMALL, LONG, enabled=False).model == "small"


def test_without_prices_nothing_proves_a_saving() -> None:
    """Until the cache has expired."""
    cold = msgspec.structs.replace(LONG, at=NOW - 301)

    warm_stuck = stick(SMALL, LONG, policy=POLICY, prices={}, tokens=40_500, now=NOW)
    cold_stuck = stick(SMALL, cold, policy=POLICY, prices={}, tokens=40_500, now=NOW)

    assert (warm_stuck.move, cold_stuck.move) == ("stayed", "down")


@pytest.mark.parametrize(
    ("model", "move"),
    [("big", "up"), ("unknown", "up")],
)
def test_without_an_order_of_its_own_dearer_is_up(model: str, move: str) -> None:
    """A strategy pays more only for quality; where nothing tells, its choice was for quality, too."""
    held = msgspec.structs.replace(LONG, model="small")

    assert _stick(Selection(model, "estimated"), held).move == move


def test_estimated_costs_tell_up_from_down_where_no_price_is_known() -> None:
    """They are of one kind, so they compare."""
    estimates = (Estimate("x", 0.9, NanoDollars(5)), Estimate("y", 0.8, NanoDollars(50)))
    selection = Selection("x", "estimated", estimates=estimates)
    held = msgspec.structs.replace(LONG, model="y")

    assert stick(selection, held, policy=POLICY, prices={}, tokens=9_000, now=NOW).move == "stayed"


@given(
    st.integers(0, 200_000),
    st.integers(1, 50),
    st.floats(0, 5),
    st.floats(0, 5),
    st.floats(0, 600),
)
def test_a_larger_margin_never_moves_what_stayed(
    tokens: int, turns: int, one: float, other: float, age_s: float
) -> None:
    """Nor does it keep anybody from going up."""
    small, large = sorted((one, other))
    held = Held("big", NOW - age_s, turns, tokens)

    moves = [_stick(SMALL, held, tokens=tokens + 100, margin=margin).move for margin in (small, large)]
    ups = [
        _stick(BIG, msgspec.structs.replace(held, model="small"), margin=margin).move
        for margin in (small, large)
    ]

    assert moves != ["stayed", "down"]
    assert ups == ["up", "up"]


def test_a_saving_of_nothing_never_pays() -> None:
    """However little is lost: the same price is no reason to move."""
    held = msgspec.structs.replace(LONG, model="big", tokens=0)
    same = {"big": PRICES["big"], "twin": PRICES["big"]}

    assert not pays(held, "twin", policy=POLICY, prices=same, tokens=500, now=NOW)


def _said(big: float, small: float) -> Estimates:
    return Estimates(
        (Estimate("big", big, NanoDollars(9)), Estimate("small", small, NanoDollars(1))),
        support=0.5,
        task="t",
    )


@pytest.mark.parametrize(
    ("turns", "share"),
    [(1, 1 / 2), (2, 1 / 3), (3, 0.3), (100, 0.3)],
)
def test_what_is_estimated_is_a_moving_mean_over_the_turns(turns: int, share: float) -> None:
    """All alike at first; later the last one counts as the setting says.  Nothing else is changed."""
    held = Held("big", NOW, turns=turns, quality={"big": 1.0, "small": 0.0})

    found = remembered(_said(0.0, 1.0), held, Sticky(memory=0.7))

    assert [one.quality for one in found.models] == pytest.approx([1 - share, share])
    assert [one.cost_nano for one in found.models] == [9, 1]
    assert (found.support, found.task) == (0.5, "t")


@pytest.mark.parametrize(
    ("held", "policy"),
    [
        (None, Sticky()),
        (Held("big", NOW), Sticky()),
        (Held("big", NOW, quality={"big": 1.0}), Sticky(memory=0.0)),
        (Held("big", NOW, quality={"big": 1.0}), Sticky(enabled=False)),
        (Held("big", NOW, quality={"retired": 1.0}), Sticky()),
    ],
)
def test_a_turn_stands_alone_where_nothing_is_remembered(held: Held | None, policy: Sticky) -> None:
    """At the first turn, where nothing was estimated before, and where the config wants it so."""
    assert remembered(_said(0.2, 0.4), held, policy) == _said(0.2, 0.4)


def test_estimates_are_remembered_until_there_are_others() -> None:
    """A turn that a rule of the config decided had none."""
    usage = Usage(output_tokens=1)
    first = after_turn(None, "big", ("p", "b"), usage, tokens=1, now=NOW, estimates=_said(0.5, 0.25).models)

    second = after_turn(first, "big", ("p", "b"), usage, tokens=1, now=NOW)

    assert first.quality == second.quality == {"big": 0.5, "small": 0.25}


def test_a_turn_is_remembered() -> None:
    """Length, count, the mean of answers, and where it was."""
    first = after_turn(None, "big", ("p", "b"), Usage(output_tokens=100), tokens=1_000, now=NOW)
    second = after_turn(first, "small", ("q", "s"), Usage(output_tokens=300), tokens=1_200, now=NOW + 5)

    third = after_turn(
        second, "small", ("q", "s"), Usage(output_tokens=200), tokens=1_600, now=NOW + 9, is_needed=False
    )

    assert first == Held("big", NOW, 1, 1_100, 100.0, ("p", "b"))
    assert second == Held("small", NOW + 5, 2, 1_500, 200.0, ("q", "s"), here=1, needed=1)
    assert third == Held("small", NOW + 9, 3, 1_800, 200.0, ("q", "s"), here=2, needed=1)
    assert not is_warm(first, POLICY, now=NOW + 301)
    assert is_warm(second, POLICY, now=NOW + 305)
