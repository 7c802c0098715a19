"""Draw what a judge was measured to do: right hits against wrong ones by set, and its reliability, as one SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

PANEL, GAP, MARGIN = 220, 50, 60
COLUMNS = 3
STYLE = {"judge": ("#d00000", 2.5), "static": ("#888888", 1.5)}
MOST_WRONG = 5.0
"""Percent of all requests: beyond this nobody would serve."""


def picture(sets: Mapping[str, Mapping[str, Any]]) -> str:
    """A panel a set that has right answers, then one for reliability."""
    shown = {name: one for name, one in sets.items() if one["repeats"]}
    panels = [
        _hits(name, one["curves"], one["repeats"] / one["requests"] * 100) for name, one in shown.items()
    ]
    panels.append(_reliability(shown))
    placed = [
        f'<g transform="translate({MARGIN + (PANEL + GAP) * (at % COLUMNS)},{MARGIN + (PANEL + GAP + 20) * (at // COLUMNS)})">'
        f"{panel}</g>"
        for at, panel in enumerate(panels)
    ]
    lines = (len(panels) + COLUMNS - 1) // COLUMNS
    width, height = MARGIN * 2 + (PANEL + GAP) * COLUMNS, MARGIN * 2 + (PANEL + GAP + 20) * lines
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="white"/>'
        '<text x="60" y="24" font-size="14">Right hits against wrong hits, in percent of all requests: '
        '<tspan fill="#d00000">judge</tspan>, <tspan fill="#888888">static threshold</tspan></text>'
        f"{''.join(placed)}</svg>\n"
    )


def _hits(name: str, curves: Mapping[str, Sequence[Sequence[float]]], most: float) -> str:
    """The nearer to the upper left, the better; the upper edge is every repeat served."""
    lines = []
    for which, (color, width) in STYLE.items():
        inside = [(wrong, right) for wrong, right in curves[which] if wrong <= MOST_WRONG]
        points = " ".join(
            f"{wrong / MOST_WRONG * PANEL:.1f},{PANEL - right / most * PANEL:.1f}" for wrong, right in inside
        )
        lines.append(f'<polyline fill="none" stroke="{color}" stroke-width="{width}" points="{points}"/>')
    return _framed(name, "".join(lines), across=("wrong", f"{MOST_WRONG:g} %"), up=("right", f"{most:.0f} %"))


def _reliability(sets: Mapping[str, Mapping[str, Any]]) -> str:
    """What the judge said against what was right; on the diagonal it says what is true."""
    dots = [
        f'<circle cx="{said * PANEL:.1f}" cy="{PANEL - true * PANEL:.1f}" r="{min(2 + count**0.5 / 8, 6):.1f}" '
        f'fill="{color}" fill-opacity="0.6"><title>{escape(name)}: said {said:.2f}, true {true:.2f}, {count}</title></circle>'
        for (name, one), color in zip(sets.items(), _COLORS, strict=False)
        for said, true, count in one["calibration"]
    ]
    names = [
        f'<text x="{PANEL + 6}" y="{14 * at + 10}" fill="{color}">{escape(name)}</text>'
        for at, (name, color) in enumerate(zip(sets, _COLORS, strict=False))
    ]
    diagonal = f'<line x1="0" y1="{PANEL}" x2="{PANEL}" y2="0" stroke="#bbbbbb" stroke-dasharray="4 3"/>'
    return _framed("reliability", diagonal + "".join((*dots, *names)), across=("said", "1"), up=("true", "1"))


_COLORS = ("#d00000", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#0072b2")


def _framed(title: str, content: str, *, across: tuple[str, str], up: tuple[str, str]) -> str:
    """A panel with the names and the ends of its axes, which begin at 0."""
    return (
        f'<text x="0" y="-8" font-size="12">{escape(title)}</text>'
        f'<rect width="{PANEL}" height="{PANEL}" fill="none" stroke="#444444"/>'
        f'<text x="0" y="{PANEL + 14}">{across[0]} 0</text>'
        f'<text x="{PANEL}" y="{PANEL + 14}" text-anchor="end">{across[1]}</text>'
        f'<text x="-4" y="{PANEL}" text-anchor="end">0</text>'
        f'<text x="-4" y="10" text-anchor="end">{up[1]}</text>'
        f'<text x="-4" y="{PANEL // 2}" text-anchor="end">{up[0]}</text>{content}'
    )
