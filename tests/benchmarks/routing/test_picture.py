"""Cost against quality, drawn."""

from xml.etree import ElementTree as ET

from benchmarks.routing.picture import COLORS, picture
from sparingly.learning.router.area import Point
from sparingly.learning.router.evaluate_router import Measured, SplitReport
from sparingly.learning.router.scores import Score


def test_a_picture_has_every_policy_and_every_model() -> None:
    """It is well-formed, names the models, and a better policy lies higher."""
    singles = [Point(0.0001, 0.5), Point(0.01, 0.8)]

    def measured(quality: float) -> Measured:
        return Measured(Score(0.0, 0.0, 0.0, 0.0, 0.0, [singles[0], Point(0.01, quality)], 0.0, 0.0))

    policies = {name: measured(0.8) for name in COLORS} | {"default": measured(0.9)}
    root = ET.fromstring(picture("a <table>", ("small & old", "large"), [SplitReport(policies, singles, 1)]))  # noqa: S314 - made above

    space = "{http://www.w3.org/2000/svg}"
    curves = {line.get("stroke"): line.get("points", "") for line in root.iter(f"{space}polyline")}
    assert set(curves) == set(COLORS.values())
    heights = {name: float(curves[color].split(" ")[-1].split(",")[1]) for name, color in COLORS.items()}
    assert heights["default"] < heights["ridge"]
    titles = [title.text or "" for title in root.iter(f"{space}title")]
    assert len(titles) == 2
    assert titles[0].startswith("small & old: 0.500")
