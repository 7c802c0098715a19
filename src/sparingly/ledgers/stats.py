"""Show a ledger's totals: a table for people, JSON for scripts.  What `sparingly stats` prints."""

from collections.abc import Iterable

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from sparingly.core.keeping.moments import moment_of
from sparingly.errors import StartupError
from sparingly.ledgers.totals import Stats, Total

_NANO_PER_USD = 1_000_000_000


def stats_table(stats: Stats) -> Table:
    """A rich table with a row a group and their sum below; figures are stacked so that it fits 80 columns."""
    table = Table(
        title=f"Requests by {stats.by}",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_footer=stats.total is not None,
        show_lines=True,
    )
    footer = _cells(stats.total) if stats.total is not None else [""] * len(_COLUMNS)
    table.add_column(stats.by, footer="all", overflow="fold")
    for name, text in zip(_COLUMNS, footer, strict=True):
        table.add_column(name, footer=text, justify="right", no_wrap=True)
    for row in stats.rows:
        table.add_row(_plain(row.key), *_cells(row))
    return table


def stats_json(stats: Stats) -> bytes:
    """The same as one JSON object; money in dollars, times in milliseconds."""
    return msgspec.json.encode(
        {
            "version": 1,
            "by": stats.by,
            "rows": [_fields(row) for row in stats.rows],
            "total": None if stats.total is None else _fields(stats.total),
        }
    )


def since_of(text: str, *, now: float) -> float:
    """The moment that `7d`, `24h`, `90m`, `2w` before now or a date like 2026-11-01 (UTC) means.

    Raises:
        StartupError: it is neither.
    """
    try:
        return moment_of(text, now=now)
    except ValueError as error:
        raise StartupError(f"--since: {error}") from error


_COLUMNS = ("requests", "hits", "tokens", "money", "latency")


def _cells(total: Total) -> Iterable[str]:
    hits = (
        f"exact {_part(total.exact_hits, total.requests)}",
        f"semantic {_part(total.semantic_hits, total.requests)}",
        f"observed {_part(total.observed_hits, total.requests)}",
    )
    return [
        f"{total.requests:,}\n{total.failures:,} failed",
        "\n".join(hits),
        f"in {total.input_tokens:,}\nout {total.output_tokens:,}",
        f"baseline {_usd(total.baseline_nano)}\ncost {_usd(total.cost_nano)}\nsaved {_usd(total.saved_nano)}",
        f"p50 {total.p50_s * 1e3:,.1f} ms\np99 {total.p99_s * 1e3:,.1f} ms",
    ]


def _fields(total: Total) -> dict[str, str | int | float]:
    return {
        "key": total.key,
        "requests": total.requests,
        "exact_hits": total.exact_hits,
        "semantic_hits": total.semantic_hits,
        "observed_hits": total.observed_hits,
        "failures": total.failures,
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "cost_usd": total.cost_nano / _NANO_PER_USD,
        "baseline_usd": total.baseline_nano / _NANO_PER_USD,
        "saved_usd": total.saved_nano / _NANO_PER_USD,
        "p50_ms": total.p50_s * 1e3,
        "p99_ms": total.p99_s * 1e3,
    }


def _plain(key: str) -> Text:
    """A client's own words as a cell: no markup and no control sequence in them is obeyed."""
    return Text("".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in key) or "-")


def _part(count: int, of: int) -> str:
    return f"{count:,} ({count / of:.0%})" if count else "0"


def _usd(nano: int) -> str:
    # Cents for dollars, four more digits for what is less: one answer costs a fraction of a cent.
    dollars = nano / _NANO_PER_USD
    return f"${dollars:,.2f}" if abs(dollars) >= 1 else f"${dollars:.6f}".rstrip("0").rstrip(".") or "$0"
