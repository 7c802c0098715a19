"""The local classifier: learned from examples, honest about what it has not seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.features import text_features
from sparingly.core.routing.classifying import (
    Example,
    TierModel,
    classify,
    coverage,
    fit,
    fitted_odds,
    spread,
    vocabulary,
    with_odds,
)
from sparingly.core.routing.tiers import Classified
from sparingly.core.vectors import Vector

TIERS = ("low", "high")
EASY = [
    "name the river",
    "name the lake",
    "list the towns",
    "name the bird",
    "list the rivers",
    "name the town",
]
HARD = ["prove the lemma", "derive the bound", "prove the bound", "derive the lemma", "prove it", "derive it"]
EXAMPLES = [*(Example(text, "low") for text in EASY), *(Example(text, "high") for text in HARD)]


def _vector(text: str) -> Vector:
    """Points one way for easy verbs and another for hard ones, with a little of the text's own."""
    hard = any(verb in text for verb in ("prove", "derive"))
    raw = np.array([1.0, 0.1, 0.0] if hard else [0.0, 0.1, 1.0]) + 0.01 * (len(text) % 5)
    return (raw / np.linalg.norm(raw)).astype(np.float32)


MODEL = fit(EXAMPLES, [_vector(example.text) for example in EXAMPLES], tiers=TIERS)


def _classified(
    text: str, *, model: TierModel = MODEL, tiers: tuple[str, ...] = TIERS, embedded: bool = True
) -> Classified | None:
    vector = _vector(text) if embedded else None
    return classify(model, text=text, features=text_features(text), vector=vector, tiers=tiers)


@pytest.mark.parametrize(("text", "tier"), [("name the lemma", "low"), ("prove the river", "high")])
def test_a_prompt_goes_where_its_like_went(text: str, tier: str) -> None:
    """With confidence, and scores that add up to one."""
    classified = _classified(text)

    assert classified is not None
    assert classified.tier == tier
    assert classified.confidence > 0.8
    assert classified.confidence == with_odds(classified.scores[tier], MODEL.odds)
    assert sum(classified.scores.values()) == pytest.approx(1)


def test_fitting_twice_gives_the_same_model() -> None:
    """No seed, no order of iteration."""
    again = fit(EXAMPLES, [_vector(example.text) for example in EXAMPLES], tiers=TIERS)

    assert np.array_equal(again.weights, MODEL.weights)
    assert again.temperature == MODEL.temperature


def test_labels_that_the_inputs_do_not_explain_make_a_doubtful_model() -> None:
    """When every text is in both tiers, leave-one-out finds that nothing can be known."""
    both = [Example(text, tier) for text in EASY for tier in TIERS]

    model = fit(both, [_vector(example.text) for example in both], tiers=TIERS)

    classified = _classified("name the river", model=model)
    assert classified is not None
    assert classified.confidence < 0.7


@pytest.mark.parametrize(
    "text",
    ["dokažte první tvrzení tohoto oddílu", "Докажите первое утверждение раздела", "证明这个定理的第一部分"],
)
def test_a_language_that_no_example_is_in_is_not_classified(text: str) -> None:
    """Whatever the embedding looks like: nothing is better than a sure mistake."""
    assert _classified(text) is None


def test_without_an_embedding_confidence_stays_below_the_default_bar() -> None:
    """Features alone are worth an opinion, and an escalation."""
    three = fit(
        [
            *EXAMPLES,
            Example("explain the town", "mid"),
            Example("write the bird", "mid"),
            Example("explain it", "mid"),
        ],
        [*(_vector(example.text) for example in EXAMPLES), *[_vector("mid")] * 3],
        tiers=("low", "mid", "high"),
    )

    classified = _classified("prove the bound", model=three, tiers=("low", "mid", "high"), embedded=False)

    assert classified is not None
    assert 0.33 < classified.confidence < 0.7


@pytest.mark.parametrize(
    ("count", "tiers", "places"),
    [
        (3, ("a", "b", "c"), ("a", "b", "c")),
        (3, ("a", "b"), ("a", "b", "b")),
        (3, ("a", "b", "c", "d"), ("a", "c", "d")),
        (3, ("a", "b", "c", "d", "e"), ("a", "c", "e")),
        (2, ("a", "b"), ("a", "b")),
        (2, ("a", "b", "c"), ("a", "c")),
        (4, ("a", "b", "c", "d"), ("a", "b", "c", "d")),
    ],
)
def test_example_tiers_are_laid_over_the_configs_by_order(
    count: int, tiers: tuple[str, ...], places: tuple[str, ...]
) -> None:
    """First on first, last on last, and in doubt the more capable one."""
    assert spread(count, tiers) == places


@given(st.integers(2, 9), st.integers(2, 9))
def test_the_order_of_tiers_is_never_turned(count: int, tiers: int) -> None:
    """A harder example tier never stands for an easier tier of the config."""
    names = tuple(f"{index:02}" for index in range(tiers))

    places = spread(count, names)

    assert list(places) == sorted(places)
    assert (places[0], places[-1]) == (names[0], names[-1])


def test_scores_are_named_by_the_configs_tiers() -> None:
    """A tier that no example stands for scores nothing and can only be reached by escalation."""
    classified = _classified("prove the lemma", tiers=("cheap", "fair", "dear"))

    assert classified is not None
    assert classified.tier == "dear"
    assert classified.scores["fair"] == 0.0
    assert sum(classified.scores.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("name the river", 1.0),
        ("name every river", 3 / 4),
        ("unheard", 1 / 2),
        ("name 42 rivers", 1.0),
        ("", 1.0),
        ("这个", 1 / 3),
        ("这name", 1 / 2),
    ],
)
def test_coverage_is_the_share_of_known_words(text: str, share: float) -> None:
    """One imagined known word keeps short greetings in; numbers count neither way; Han signs count each."""
    assert coverage(text, vocabulary(EXAMPLES)) == share


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 5), st.floats(-3, 3))
def test_odds_never_turn_more_confidence_into_less(
    one: float, other: float, slope: float, offset: float
) -> None:
    """So that a bar parts the same prompts, at another figure."""
    low, high = sorted((one, other))

    assert 0 <= with_odds(low, (slope, offset)) <= with_odds(high, (slope, offset)) <= 1


def test_odds_bring_confidence_down_to_how_often_it_was_right() -> None:
    """Sure in nine of ten, right in seven of ten."""
    confidence = np.full(1_000, 0.9)
    right = np.arange(1_000) % 10 < 7

    assert with_odds(0.9, fitted_odds(confidence, right)) == pytest.approx(0.7, abs=0.01)


def test_odds_leave_alone_what_is_right_as_often_as_it_says() -> None:
    """Whatever the confidence."""
    confidence = np.repeat([0.6, 0.9], 1_000)
    right = np.concatenate([np.arange(1_000) % 10 < 6, np.arange(1_000) % 10 < 9])

    assert fitted_odds(confidence, right) == pytest.approx((1.0, 0.0), abs=0.01)


def test_confidence_that_means_the_opposite_is_not_turned_round() -> None:
    """A handful of odd examples must not make doubt certain."""
    confidence = np.repeat([0.6, 0.9], 100)
    right = np.concatenate([np.arange(100) % 10 < 8, np.arange(100) % 10 < 5])

    assert fitted_odds(confidence, right) == (1.0, 0.0)


INTENTS = tuple(f"intent{number:02}" for number in range(10))


WAYS = np.random.default_rng(0).normal(size=(10, 8, 6))


def _spoken(intent: int, turn: int) -> Vector:
    """An intent has eight ways of being said that lie anywhere, so that no line parts it from the others."""
    raw = WAYS[intent, turn % 8] + 0.1 * np.random.default_rng(100 * intent + turn).normal(size=6)
    return np.asarray(raw / np.linalg.norm(raw), dtype=np.float32)


SPOKEN = [(intent, turn) for intent in range(10) for turn in range(40)]
MANY = fit(
    [Example("say it", INTENTS[intent]) for intent, _ in SPOKEN],
    [_spoken(intent, turn) for intent, turn in SPOKEN],
    tiers=INTENTS,
)


def _intent(vector: Vector | None, *, least_support: float = 0.0) -> Classified | None:
    features = text_features("say it")
    return classify(
        MANY, text="say it", features=features, vector=vector, tiers=INTENTS, least_support=least_support
    )


def test_many_tiers_are_told_apart_by_their_examples() -> None:
    """Each by those near it, with confidence."""
    found = [_intent(_spoken(intent, 40 + intent)) for intent in range(10)]

    assert MANY.votes is not None
    assert [one.tier for one in found if one is not None and one.confidence > 0.8] == list(INTENTS)


def test_few_tiers_are_told_apart_by_the_regression() -> None:
    """Two of them differ in one direction, in which being near is being on one side."""
    classified = _classified("name the river")

    assert MODEL.votes is None
    assert classified is not None
    assert classified.support is None


def test_what_is_far_from_all_examples_is_of_no_tier_where_the_config_wants_that() -> None:
    """Out of scope is no intent; without the setting it is the likeliest one."""
    strange = (-WAYS.mean(axis=(0, 1)) / np.linalg.norm(WAYS.mean(axis=(0, 1)))).astype(np.float32)

    found = _intent(strange)

    assert found is not None
    assert found.support is not None
    assert found.support < 0.05
    assert _intent(strange, least_support=0.05) is None
    assert _intent(_spoken(0, 41), least_support=0.05) is not None


def test_without_an_embedding_many_tiers_are_judged_by_features_alone() -> None:
    """Nearness to examples is not known then, and strangeness neither."""
    found = _intent(None, least_support=0.5)

    assert found is not None
    assert found.confidence < 0.7
