"""Fitting the freshness model and reading its file."""

import msgspec
import numpy as np
import pytest

from sparingly.core.keeping.freshness import VERSION, dependence
from sparingly.errors import StartupError
from sparingly.learning.judge.train_freshness import Example, fit, read_model, shipped_freshness, stored

EXAMPLES = [
    *(
        Example(f"who is the latest {thing}", depends=True, live=False)
        for thing in ("king", "star", "boss", "pope")
    ),
    *(
        Example(f"who invented the {thing}", depends=False, live=False)
        for thing in ("car", "lamp", "wheel", "fork")
    ),
    Example("where is my parcel", live=True),
]


def test_what_was_learned_separates_its_examples() -> None:
    """And words of one kind carry over to a question nobody listed."""
    model = fit(EXAMPLES)

    assert dependence("who is the latest winner", model) > 0.6
    assert dependence("who invented the spoon", model) < 0.4


def test_the_same_examples_give_the_same_weights() -> None:
    """No seed is needed: the loss is convex."""
    assert stored(fit(EXAMPLES)) == stored(fit(EXAMPLES))


def test_an_example_without_a_label_says_nothing_about_it() -> None:
    """Adding one leaves the other regression as it was."""
    more = [*EXAMPLES, Example("where is my bus", live=True)]

    assert np.array_equal(fit(EXAMPLES).dependent, fit(more).dependent)


def test_a_weight_counts_like_repetition() -> None:
    """Two examples of half the weight are one."""
    halves = [msgspec.structs.replace(one, weight=0.5) for one in EXAMPLES for _ in range(2)]

    assert np.allclose(fit(EXAMPLES).dependent, fit(halves).dependent, atol=1e-4)


def test_a_model_survives_its_file_within_a_step_of_eight_bits() -> None:
    """The file keeps signed bytes and a scale."""
    model = fit(EXAMPLES)

    again = read_model(msgspec.json.encode(stored(model)))

    assert np.abs(again.dependent - model.dependent).max() <= np.abs(model.dependent).max() / 127
    assert again.dependent_bias == pytest.approx(model.dependent_bias, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": VERSION + 1}, "is of version"),
        ({"sha256": "0" * 64}, "checksum does not fit"),
        ({"live": {"bias": 0.0, "scale": 1.0, "weights": "AAAA"}}, "checksum does not fit"),
        ({"live": {"bias": 0.0, "scale": 1.0, "weights": "?"}}, "cannot be read"),
        ({"surprise": 1}, "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(change: dict[str, object], message: str) -> None:
    """Never a silent fallback."""
    data = msgspec.json.encode({**msgspec.to_builtins(stored(fit(EXAMPLES))), **change})

    with pytest.raises(StartupError, match=message):
        read_model(data)


def test_a_file_that_is_cut_is_refused() -> None:
    """It is no JSON."""
    with pytest.raises(StartupError, match="cannot be read"):
        read_model(b'{"version": 1')


def test_the_packages_model_is_whole() -> None:
    """It tells the two questions of the README apart."""
    model = shipped_freshness()

    assert dependence("who has won the most grand slams", model) > 0.5
    assert dependence("who wrote hamlet", model) < 0.5
