"""Draw cost against quality: single models, policies and the oracle, as one SVG.

Curves are means over splits of each policy's hull, at fixed costs.
"""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

import numpy as np

from sparingly.learning.router.area import height
from sparingly.learning.router.evaluate_router import SplitReport

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLORS = {
    "static_hull": "#888888",
    "knn": "#e69f00",
    "kmeans": "#56b4e9",
    "ridge": "#009e73",
    "tasks": "#cc79a7",
    "default": "#d00000",
    "oracle": "#000000",
}
STEPS = 80


def picture(title: str, models: Sequence[str], splits: Sequence[SplitReport]) -> str:
    """The picture of one table; cost in dollars a thousand prompts, in its logarithm."""
    singles = [
        (
            float(np.mean([one.singles[at].cost for one in splits])) * 1e3,
            float(np.mean([one.singles[at].quality for one in splits])),
        )
        for at in range(len(models))
    ]
    low, high = min(cost for cost, _ in singles), max(cost for cost, _ in singles)
    costs = np.geomspace(low, high, STEPS)
    curves = {
        name: [
            float(np.mean([height(one.policies[name].score.corners, cost / 1e3 * 1.0001) for one in splits]))
            for cost in costs
        ]
        for name in COLORS
    }
    least = floor(min(quality for _, quality in singles) * 20) / 20
    axes = _Axes(low / 1.15, high * 1.15, least, 1.0)
    parts = [_frame(axes, title)]
    for number, (name, heights) in enumerate(curves.items()):
        # Where not every split reaches down, the mean would be of zeros.
        shown = [(c, h) for c, h in zip(costs, heights, strict=True) if h >= least]
        path = " ".join(f"{axes.x(cost):.1f},{axes.y(quality):.1f}" for cost, quality in shown)
        width = 2.5 if name == "default" else 1.3
        dash = ' stroke-dasharray="5 4"' if name in {"static_hull", "oracle"} else ""
        parts.append(
            f'<polyline fill="none" stroke="{COLORS[name]}" stroke-width="{width}"{dash} points="{path}"/>'
        )
        y = TOP + 14 + 18 * number
        parts.append(
            f'<line x1="{WIDTH - RIGHT + 12}" x2="{WIDTH - RIGHT + 36}" y1="{y - 4}" y2="{y - 4}" '
            f'stroke="{COLORS[name]}" stroke-width="{width}"{dash}/>'
        )
        parts.append(f'<text x="{WIDTH - RIGHT + 42}" y="{y}">{name}</text>')
    for model, (cost, quality) in zip(models, singles, strict=True):
        label = escape(f"{model}: {quality:.3f} for ${cost:.3g} a thousand")
        parts.append(
            f'<circle cx="{axes.x(cost):.1f}" cy="{axes.y(quality):.1f}" r="4" fill="#444"><title>{label}</title></circle>'
        )
    y = TOP + 14 + 18 * len(curves)
    parts.append(f'<circle cx="{WIDTH - RIGHT + 24}" cy="{y - 4}" r="4" fill="#444"/>')
    parts.append(f'<text x="{WIDTH - RIGHT + 42}" y="{y}">single models</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Axes:
    """From cost and quality to places on the picture."""

    def __init__(self, low: float, high: float, bottom: float, top: float) -> None:
        self.low, self.high, self.bottom, self.top = low, high, bottom, top

    def x(self, cost: float) -> float:
        share = log10(cost / self.low) / log10(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, quality: float) -> float:
        share = (quality - self.bottom) / (self.top - self.bottom)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _frame(axes: _Axes, title: str) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}: quality by cost</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">dollars a thousand prompts</text>',
    ]
    for power in range(ceil(log10(axes.low)), floor(log10(axes.high)) + 1):
        x = axes.x(10.0**power)
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        lines.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{10.0**power:g}</text>'
        )
    step = 0.1 if axes.top - axes.bottom > 0.3 else 0.05
    for number in range(round((axes.top - axes.bottom) / step) + 1):
        quality = axes.bottom + number * step
        y = axes.y(quality)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{quality:.2f}</text>')
    return "\n".join(lines)
