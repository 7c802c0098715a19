"""The picture of the error in time order."""

from xml.etree import ElementTree as ET

from benchmarks.cache.order_picture import PANEL_HEIGHT, STYLE, order_picture

STREAM = {
    "stream": "a & b",
    "bound": 0.01,
    "order": {way: {"course": [0.0, 1.5, 9.0]} for way in STYLE},
}


def test_each_stream_and_bound_has_a_panel_with_a_line_for_each_way() -> None:
    """It is one well-formed picture."""
    root = ET.fromstring(order_picture([STREAM, {**STREAM, "bound": 0.02}]))  # noqa: S314 - our own text

    lines = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    assert len(lines) == 2 * len(STYLE)
    assert any(
        "a & b, bound 2 %" in (text.text or "") for text in root.iter("{http://www.w3.org/2000/svg}text")
    )


def test_what_is_off_the_scale_runs_along_the_upper_edge() -> None:
    """Half way up is half of the scale; nothing leaves the panel."""
    root = ET.fromstring(order_picture([STREAM]))  # noqa: S314 - our own text

    line = next(root.iter("{http://www.w3.org/2000/svg}polyline"))
    heights = [float(point.split(",")[1]) for point in line.attrib["points"].split()]
    assert heights == [PANEL_HEIGHT, PANEL_HEIGHT / 2, 0.0]
