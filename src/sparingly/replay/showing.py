"""Show a report to a person: tables for a terminal, one self-contained page for a browser.

It computes nothing: every number comes from the report as it is.
"""

from html import escape
from io import StringIO

from rich.console import Console, Group
from rich.markup import escape as markup
from rich.table import Table

from sparingly.replay.report import Report

# Wide enough for the widest table, so that a page does not depend on anybody's terminal.
_PAGE_COLUMNS = 100
_MOST_REASONS = 8


def tables(found: Report) -> Group:
    """The report for a terminal: cost and quality side by side, never one alone."""
    return Group(_summary(found), _costs(found), _reasons(found))


def page(found: Report) -> str:
    """The report as an HTML page without scripts or outside files."""
    console = Console(file=StringIO(), record=True, width=_PAGE_COLUMNS)
    console.print(tables(found))
    body = console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    title = escape(f"Replay of {found.log.name}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body><h1>{title}</h1>\n<p>log sha256 {escape(found.log.sha256)}, "
        f"config sha256 {escape(found.config_sha256)}</p>\n{body}</body></html>\n"
    )


def _summary(found: Report) -> Table:
    table = _table("What happened", "", "requests", "share")
    table.add_row("requests", str(found.requests), "")
    for name, count in (
        ("exact hits", found.exact_hits),
        ("semantic hits", found.semantic_hits),
        ("right hits", found.right_hits),
        ("wrong hits", found.wrong_hits),
        ("unjudged hits", found.unjudged_hits),
    ):
        table.add_row(name, str(count), _percent(count / found.requests if found.requests else 0.0))
    low, high = found.error_rate_ci95
    table.add_row(
        "error rate, 95 % interval", "", f"{_percent(found.error_rate)} [{_percent(low)}, {_percent(high)}]"
    )
    table.add_row(
        "precision of judged hits", "", "-" if found.precision is None else _percent(found.precision)
    )
    return table


def _costs(found: Report) -> Table:
    """Each column of money stands beside the wrong hits that it was bought with."""
    table = _table("What it cost", "", "USD", "saved", "wrong hits")
    costs = found.cost_usd
    for name, cost, wrong in (
        ("asked models, no cache", costs.baseline, 0),
        ("cache only", costs.cache_only, found.wrong_hits),
        ("routing only", costs.route_only, 0),
        ("both", costs.both, found.wrong_hits),
    ):
        saved = 1 - cost / costs.baseline if costs.baseline else 0.0
        table.add_row(name, f"{cost:.6f}", _percent(saved), str(wrong))
    if costs.estimated or costs.unpriced:
        table.caption = f"{costs.estimated} requests estimated, {costs.unpriced} without a known price"
    return table


def _reasons(found: Report) -> Table:
    table = _table("Why not from memory, and who served", "", "requests")
    kinds = {"miss": found.miss, "bypass": found.bypass, "served by": found.routes, "trouble": found.trouble}
    for kind, counted in kinds.items():
        for reason, count in list(counted.items())[:_MOST_REASONS]:
            # Model names may hold brackets, which rich would read as styles.
            table.add_row(markup(f"{kind}: {reason}"), str(count))
    latency = found.latency_ms
    for name, part in (
        ("look-up", latency.lookup),
        ("hit", latency.hit),
        ("miss overhead", latency.miss_overhead),
    ):
        if part.p50 is not None and part.p99 is not None:
            table.add_row(f"{name}, p50 / p99", f"{part.p50:.2f} / {part.p99:.2f} ms")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    return table


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"
