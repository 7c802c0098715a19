"""Show entries and explanations to people: tables in which no stored text can do harm."""

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparingly.core.keeping.curation import Shown
from sparingly.core.pricing import to_usd
from sparingly.pipeline.steering.curating import Overview
from sparingly.pipeline.steering.explaining import Explanation, Near, Needed, Routing

_MOST_CHARS = 120


def overview_tables(overview: Overview) -> Iterable[Table]:
    """Counts, in all and by tenant, model and tag."""
    yield _pairs("The cache", [("entries", f"{overview.entries:,}")])
    for title, counts in (
        ("By tenant", overview.by_tenant),
        ("By served model", overview.by_model),
        ("By tag", overview.by_tag),
    ):
        if counts:
            yield _pairs(title, [(name, f"{count:,}") for name, count in counts.items()])


def entries_table(entries: Iterable[Shown], *, now: float, title: str) -> Table:
    """One row an entry."""
    table = Table(title=title)
    columns = ("id", "near", "age", "tenant", "model", "hits", "question", "answer")
    for name in columns:
        table.add_column(name, overflow="fold" if name in ("id", "question", "answer") else "ellipsis")
    for one in entries:
        table.add_row(
            one.id,
            "" if one.similarity is None else f"{one.similarity:.3f}",
            age(now - one.created_at),
            plain(one.tenant),
            plain(one.served),
            f"{one.hits}",
            plain(one.question or "(exact only)"),
            plain(one.answer, most=60),
        )
    return table


def explanation_tables(found: Explanation) -> Iterable[RenderableType]:
    """Fingerprint, eligibility, neighbors, verdict and route, in the order of the way of a request."""
    mark, ruling, route = found.fingerprint, found.ruling, found.routing
    yield _pairs(
        "Fingerprint",
        [
            ("tenant", found.tenant),
            ("scope", mark.scope),
            ("digest", mark.digest),
            ("text", mark.text or "(none)"),
            *((f"  {name}", value) for name, value in mark.covers.items()),
        ],
    )
    checks = [
        (f"{check.tier}: {check.name}", "yes" if check.holds else f"no: {check.reason}")
        for check in found.eligibility
    ]
    yield _pairs("Eligibility", [("cache.mode", found.mode), *checks])
    yield _neighbors(found.neighbors)
    yield _pairs(
        "Verdict",
        [
            ("verdict", ruling.verdict),
            ("reason", ruling.reason),
            ("similarity", _number(ruling.similarity)),
            ("probability", _number(ruling.probability)),
            ("a hit needs", _needed(found.needed)),
            ("answer of request", ruling.source or "-"),
            ("trouble", ", ".join(ruling.trouble) or "none"),
        ],
    )
    yield _pairs(
        "Route on a miss",
        [
            ("route", route.route),
            ("routed", route.routed or "nobody"),
            ("strategy", route.strategy or "-"),
            ("tier", route.tier or "-"),
            ("task", route.task or "-"),
            ("reason", route.reason),
            ("probability of this choice", f"{route.propensity:g}"),
            ("traffic", ", ".join(route.traffic) or "-"),
            (
                "conversation",
                f"{route.conversation} had {route.held}: {route.move}" if route.held else "begins",
            ),
            ("confidence", _number(route.confidence) + (", escalated" if route.escalated else "")),
            ("features", _figures(route.features)),
            ("scores", _figures(route.scores)),
            ("candidates", ", ".join(f"{one.model} at {one.provider}" for one in route.candidates) or "-"),
            ("alternatives", ", ".join(one.model for one in route.alternatives) or "-"),
            ("estimates", _estimates(route)),
            ("trouble", ", ".join(route.trouble) or "none"),
        ],
    )


def plain(words: str, *, most: int = _MOST_CHARS) -> Text:
    """Words of others as a cell: cut, on one line, and no markup or control sequence in them is obeyed."""
    line = " ".join(words.split())
    cut = line if len(line) <= most else line[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return Text("".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cut))


def age(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0.0, seconds):.0f}s"


def _neighbors(neighbors: tuple[Near, ...]) -> RenderableType:
    if not neighbors:
        return Text("Neighbors: none were compared, or the scope is empty.\n")
    table = Table(title="Neighbors in scope")
    for name in ("question", "similarity", "probability", "veto", "right/wrong", "age"):
        table.add_column(name, overflow="fold")
    for one in neighbors:
        table.add_row(
            plain(one.question or ""),
            f"{one.similarity:.4f}",
            _number(one.probability),
            one.veto or "-",
            f"{one.confirmed}/{one.denied}",
            age(one.age_s),
        )
    evidence = [
        # Below the table: some thirty figures fit no column.
        Text.assemble("Evidence on ", plain(one.question or ""), ": ", _figures(one.evidence))
        for one in neighbors
        if one.evidence
    ]
    return Group(table, *evidence)


def _needed(needed: Needed) -> str:
    if needed.similarity is not None:
        return f"similarity {needed.similarity:g}"
    bound = "" if needed.max_error is None else f", for errors of at most {needed.max_error:g}"
    if needed.is_closed:
        return f"an equal request: closeness is not enough{bound}"
    live = "" if needed.live is None else f"; since labels spoke against it, {needed.live:.4f}"
    return f"probability {_number(needed.probability)}{bound}{live}"


def _pairs(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    table = Table(title=title, show_header=False, title_justify="left", min_width=60)
    for name, value in rows:
        table.add_row(plain(name), plain(value))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _estimates(route: Routing) -> str:
    if not route.estimates:
        return "-"
    each = ", ".join(
        f"{one.model} {one.quality:.3f} at ${to_usd(one.cost_nano):.6f}" for one in route.estimates
    )
    return f"{each}; support {_number(route.support)}"


def _figures(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items() if value) or "-"
