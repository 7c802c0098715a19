"""Draw how the error went in time order: for each stream and bound, error over bound of the requests so far, as one SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

PANEL_WIDTH, PANEL_HEIGHT, GAP, MARGIN = 200, 130, 44, 60
STYLE: Final = {
    "fixed": ("#bbbbbb", "as calibrated"),
    "fixed_with_growth": ("#0072b2", "with allowance for growth (tune)"),
    "moving": ("#e69f00", "bar moved by labels"),
    "moving_with_growth": ("#d00000", "both"),
}
"""Color and name of each way to serve."""
MOST: Final = 3.0
"""Times the bound: the upper edge of a panel."""


def order_picture(streams: Sequence[Mapping[str, Any]]) -> str:
    """A line of panels a stream, a panel a bound; the dashed line is the bound."""
    names = list(dict.fromkeys(one["stream"] for one in streams))
    bounds = list(dict.fromkeys(one["bound"] for one in streams))
    panels = [
        f'<g transform="translate({MARGIN + (PANEL_WIDTH + GAP) * bounds.index(one["bound"])},'
        f'{MARGIN + 20 + (PANEL_HEIGHT + GAP) * names.index(one["stream"])})">{_panel(one)}</g>'
        for one in streams
    ]
    legend = "".join(
        f'<tspan fill="{color}" dx="14">{escape(told)}</tspan>' for color, told in STYLE.values()
    )
    width = MARGIN * 2 + (PANEL_WIDTH + GAP) * len(bounds)
    height = MARGIN * 2 + (PANEL_HEIGHT + GAP) * len(names)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="white"/>'
        f'<text x="{MARGIN}" y="24" font-size="14">Wrong hits per request so far, as a multiple of the bound</text>'
        f'<text x="{MARGIN - 14}" y="44" font-size="12">{legend}</text>{"".join(panels)}</svg>\n'
    )


def _panel(one: Mapping[str, Any]) -> str:
    lines = "".join(_line(one["order"][way]["course"], color) for way, (color, _) in STYLE.items())
    bound = PANEL_HEIGHT * (1 - 1 / MOST)
    return (
        f'<text x="0" y="-6" font-size="12">{escape(str(one["stream"]))}, bound {100 * one["bound"]:g} %</text>'
        f'<rect width="{PANEL_WIDTH}" height="{PANEL_HEIGHT}" fill="none" stroke="#444444"/>'
        f'<line x1="0" y1="{bound:.1f}" x2="{PANEL_WIDTH}" y2="{bound:.1f}" stroke="#444444" stroke-dasharray="4 3"/>'
        f'<text x="-4" y="{bound + 4:.1f}" text-anchor="end">1</text>'
        f'<text x="-4" y="10" text-anchor="end">{MOST:g}</text>'
        f'<text x="{PANEL_WIDTH}" y="{PANEL_HEIGHT + 13}" text-anchor="end">later half, in order</text>{lines}'
    )


def _line(course: Sequence[float], color: str) -> str:
    points = " ".join(
        f"{(at + 1) / len(course) * PANEL_WIDTH:.1f},{PANEL_HEIGHT * (1 - min(value, MOST) / MOST):.1f}"
        for at, value in enumerate(course)
    )
    return f'<polyline fill="none" stroke="{color}" stroke-width="1.6" points="{points}"/>'
