"""Means, intervals and paired differences over splits."""

import json

import pytest

from sparingly.learning.router.area import Point
from sparingly.learning.router.evaluate_router import Measured, SplitReport
from sparingly.learning.router.report import interval, paired, report, student
from sparingly.learning.router.scores import Score


def _measured(aiqr: float, *, times: tuple[float, ...] = ()) -> Measured:
    score = Score(
        aiqr, aiqr / 2, 0.0, 0.25, -0.001, [Point(0.001, 0.5), Point(0.002, aiqr)], aiqr - 0.01, aiqr / 3
    )
    return Measured(score, {"penalty": 3.0}, list(times))


def _split(default: float, ridge: float, oracle: float = 0.9) -> SplitReport:
    return SplitReport(
        {
            "ridge": _measured(ridge, times=(100.0, 300.0)),
            "default": _measured(default, times=(200.0,)),
            "oracle": _measured(oracle),
        },
        [Point(0.001, 0.5), Point(0.002, 0.7)],
        1,
    )


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.706), (4, 2.776), (9, 2.262), (1000, 1.962)])
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    """Two-sided, 95 %."""
    assert student(freedom) == pytest.approx(quantile, abs=1e-3)


def test_an_interval_is_students() -> None:
    """Mean 2, deviation 1, three values: 2 +- 4.303 / sqrt(3)."""
    assert interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 2.4843, 2 + 2.4843), abs=1e-3)
    assert interval([0.5]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ((0.8, 0.81, 0.82), (0.7, 0.71, 0.72), "better"),
        ((0.7, 0.71, 0.72), (0.8, 0.81, 0.82), "worse"),
        ((0.8, 0.71, 0.75), (0.7, 0.81, 0.74), "tie"),
    ],
)
def test_only_what_the_corrected_interval_leaves_is_called_better(
    first: tuple[float, ...], second: tuple[float, ...], verdict: str
) -> None:
    """An interval that covers 0 is a tie."""
    assert paired(first, second)["verdict"] == verdict


def test_the_report_has_a_mean_and_an_interval_for_every_figure() -> None:
    """It can be written as JSON, and says who the best single model and the oracle are."""
    found = report(("small", "large"), [_split(0.8, 0.7), _split(0.82, 0.72)])

    again = json.loads(json.dumps(found))

    ridge = again["policies"]["ridge"]
    assert ridge["aiqr"] == pytest.approx(0.71)
    assert ridge["aiqr_chosen"] == pytest.approx(0.70)
    assert ridge["aiqr_95"][0] < 0.71 < ridge["aiqr_95"][1]
    assert {"gap_closed", "perf_gain", "cost_save", "cost_save_quality_delta"} <= ridge.keys()
    assert ridge["route_us"] == {"p50": 200.0, "p99": 300.0}
    assert "route_us" not in again["policies"]["oracle"]
    assert again["best_single"] == {"model": "large", "quality": 0.7, "cost_usd": 0.002}
    assert again["oracle"]["quality"] == pytest.approx(0.9)
    assert again["default_minus"]["ridge"]["aiqr"] == pytest.approx(0.1)
