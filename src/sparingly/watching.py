"""On-line recalibration in a serving gateway: open it with what was kept, tell of it, keep it.

The watching itself is `pipeline/watching/recalibrating.py`; this module gives it a file and ears.
"""

import asyncio
from math import inf
from pathlib import Path

from sparingly.config.catalog import catalog_of
from sparingly.core.catalog import known_models
from sparingly.core.judging.model import JudgeModel
from sparingly.core.judging.operating_point import operating_point
from sparingly.core.policy import for_route
from sparingly.pipeline.watching.recalibrating import Kept, Recalibrating
from sparingly.settings import Settings
from sparingly.telemetry.teller import Teller
from sparingly.watch_file import FILE_NAME, read_watches, write_watches

# A crash forgets no more labels than these seconds bring.
_KEEP_EVERY_S = 10.0


def open_recalibrating(
    settings: Settings, judge: JudgeModel | None, data: Path, teller: Teller
) -> Recalibrating:
    """The watches of a config's routes, with what was kept of them."""
    kept: Kept | None = None
    try:
        kept = read_watches(data / FILE_NAME)
    except ValueError as error:
        # Without it the bars stand where they were tuned.
        teller.trouble("recalibration-lost", str(error))
    models = [model.name for model in known_models(catalog_of(settings), settings.routing)]
    return Recalibrating(
        model=judge,
        known_routes=[*settings.cache.routes, *settings.routing.routes, *models],
        kept=kept,
        on_moved=lambda watch, is_alarm: teller.bar(
            watch.route, watch.sample, watch.monitor, is_alarm=is_alarm
        ),
        on_label=teller.label,
    )


def tell_of_missing_points(settings: Settings, judge: JudgeModel | None, teller: Teller) -> None:
    """A bound that the judge states no point for leaves the exact tier only: nobody should have to guess why."""
    if judge is None:
        return
    for name in ("", *settings.cache.routes):
        policy = for_route(settings.cache, name)
        if policy.max_error is not None and operating_point(policy, judge) == inf:
            here = f"cache.routes.{name}" if name else "cache"
            known = ", ".join(f"{error:g}" for error, _ in judge.stated) or "none"
            teller.trouble(
                "no-stated-error",
                f"{here}.max_error is {policy.max_error:g}, and the judge states {known}: only equal requests are "
                "served; `sparingly tune` may find a point on your own log",
            )


async def keep_watches(recalibrating: Recalibrating, data: Path, teller: Teller) -> None:
    """Write what was learned from labels now and then, for as long as the app runs."""
    written = recalibrating.changes
    while True:
        await asyncio.sleep(_KEEP_EVERY_S)
        if recalibrating.changes != written:
            written = recalibrating.changes
            await save_watches(recalibrating, data, teller)


async def save_watches(recalibrating: Recalibrating, data: Path, teller: Teller) -> None:
    """Write it now, if there is anything."""
    if not recalibrating.changes:
        return
    try:
        await write_watches(data / FILE_NAME, recalibrating.to_keep())
    except OSError as error:
        # It costs vigilance after the next start, no answer.
        teller.trouble("recalibration-lost", f"cannot write {FILE_NAME}: {error.strerror or error}")
