"""The budget of the design, line by line, beside what `measure.py` measured."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Line(NamedTuple):
    """One promise: the figure at `place` is at most `target`, or at least, where `at_least` says so."""

    promise: str
    target: float
    place: str
    """Names of cases and figures, with slashes between them."""
    at_least: bool = False


BUDGET: Final = (
    Line("exact hit, median, ms", 1.0, "exact/hit/p50_ms"),
    Line("exact hit, p99, ms", 3.0, "exact/hit/p99_ms"),
    Line("semantic hit, question of up to 32 tokens, median, ms", 5.0, "semantic/hit/p50_ms"),
    Line("semantic hit, question of up to 32 tokens, p99, ms", 15.0, "semantic/hit/p99_ms"),
    Line("embedding in it, median, ms", 2.5, "semantic/of_which/embed/p50_ms"),
    Line(
        "added to a miss, nothing to compare with, median, ms",
        1.0,
        "misses/nothing_to_compare/miss/added_p50_ms",
    ),
    Line(
        "added to a miss, nothing to compare with, p99, ms",
        3.3,
        "misses/nothing_to_compare/miss/added_p99_ms",
    ),
    Line("added to a miss, embedding and search, median, ms", 5.0, "misses/compared/miss/added_p50_ms"),
    Line("added to a miss, embedding and search, p99, ms", 15.0, "misses/compared/miss/added_p99_ms"),
    Line("routing after the embedding, median, ms", 0.3, "routing/route/p50_ms"),
    Line("routing after the embedding, p99, ms", 1.0, "routing/route/p99_ms"),
    Line("CPU per proxied request, cache off, ms", 1.0, "load/off/cpu_ms_per_request"),
    Line("added to the first token, cache off, median, ms", 1.5, "streams/off/first_token/added_p50_ms"),
    Line("added to the first token, cache off, p99, ms", 3.0, "streams/off/first_token/added_p99_ms"),
    Line("added to the first token, cache on, median, ms", 1.5, "streams/on/first_token/added_p50_ms"),
    Line("added to the first token, cache on, p99, ms", 3.0, "streams/on/first_token/added_p99_ms"),
    Line("added to a chunk, cache off, median, ms", 0.1, "streams/off/chunk/added_p50_ms"),
    Line("added to a chunk, cache off, p99, ms", 0.3, "streams/off/chunk/added_p99_ms"),
    Line("added to a chunk, cache on, median, ms", 0.1, "streams/on/chunk/added_p50_ms"),
    Line("added to a chunk, cache on, p99, ms", 0.3, "streams/on/chunk/added_p99_ms"),
    Line("streams at once that all end, cache off", 256, "many_streams/off/complete", at_least=True),
    Line("streams at once that all end, cache on", 256, "many_streams/on/complete", at_least=True),
    Line("streams of them with a chunk over 100 ms late, cache off", 0, "many_streams/off/stalled"),
    Line("streams of them with a chunk over 100 ms late, cache on", 0, "many_streams/on/stalled"),
    Line("start to ready, model loaded, s", 3.0, "memory/start_to_ready_empty/start_to_ready_s"),
    Line("start to ready with 50,000 entries in one scope, s", 3.0, "memory/one_scope/start_to_ready_s"),
    Line("start to ready with 50,000 entries in many scopes, s", 3.0, "memory/many_scopes/start_to_ready_s"),
    Line("resident memory, 50,000 entries in one scope, MB", 450, "memory/one_scope/after_look_ups/rss_mb"),
    Line(
        "resident memory, 50,000 entries in many scopes, MB", 450, "memory/many_scopes/after_look_ups/rss_mb"
    ),
    Line("event loop's longest delay under load, ms", 10, "delay_inside/loaded/late/max_ms"),
    Line("event loop's longest own work under load, ms", 10, "delay_inside/loaded/busy/max_ms"),
)


def against_budget(figures: Mapping[str, object]) -> list[dict[str, object]]:
    """Target and measurement of every line whose case was run, and whether it was met."""
    told: list[dict[str, object]] = []
    for line in BUDGET:
        measured = _at(figures, line.place)
        if measured is not None:
            met = measured >= line.target if line.at_least else measured <= line.target
            told.append({"promise": line.promise, "target": line.target, "measured": measured, "met": met})
    return told


def _at(figures: object, place: str) -> float | None:
    for name in place.split("/"):
        if not isinstance(figures, Mapping) or name not in figures:
            return None
        figures = figures[name]
    return float(figures) if isinstance(figures, int | float) else None
