"""Extracting a day: what has not been answered yet is asked for, and what came, or did not, is written down.

Knows where answers lie; how CoinGecko is asked is for `extract` to say, and what a good answer is for `verify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from btc_pipeline import archive, asks, console, extract, failures, verify
from btc_pipeline.errors import ExtractionError
from btc_pipeline.extraction import Extraction, Refused
from btc_pipeline.flight import Progress, pair_of
from btc_pipeline.pair import Pair
from btc_pipeline.settings import Settings
from btc_pipeline.world import World

STEP = "ExtractAndLoad"


def answers(
    settings: Settings, world: World, day: date, extraction: Extraction, pairs: Sequence[Pair], progress: Progress
) -> dict[str, Any]:
    """Ask for each pair that has no answer yet, and keep the record of the day.

    Returns:
        Facts: answers of each stream, calls.

    Raises:
        ExtractionError: there is not one market chart; or none of a pair that alone was asked for.
    """
    now = settings.instant()
    charts, begun_at = extraction.known()
    if begun_at:
        charts |= _resumed(settings, world, day, now, begun_at, pairs)
    charts = {name: file for name, file in charts.items() if not _is_old(settings, world, day, now, file)}
    wanted = [
        request for request in asks.of_run(settings, day, now, pairs) if _is_wanted(world, request, charts, begun_at)
    ]
    made = [] if begun_at else extraction.record.made()
    extraction.begin(charts, begun_at or now)
    fetched = extract.fetch(settings, world, wanted, progress=progress) if wanted else None
    charts |= {str(pair_of(each.request)): each.file for each in fetched.charts} if fetched else {}
    refused = {str(pair_of(request)): error for request, error in fetched.refused} if fetched else {}
    if refused and not set(charts) & set(map(str, pairs)):
        raise next(iter(refused.values()))
    kept = {name: why for name, why in extraction.refused().items() if name not in {*charts, *refused}}
    now_refused = {name: Refused.by(error, extraction.run) for name, error in refused.items()}
    made += _files(world, [*charts.values(), *([each.file for each in fetched.answers] if fetched else [])])
    extraction.write(charts, {**kept, **now_refused}, sorted(set(made)))
    _tell_of(settings, world, day, refused)
    if not fetched:
        return {"answers": 0, "calls": 0}
    return {
        "answers": len(fetched.charts),
        "five_minute": len(fetched.fine_charts),
        "second_opinions": len(fetched.opinions),
        **({"calls": fetched.calls} if not settings.is_sample else {}),
        **({"refused": len(refused)} if refused else {}),
        **({"waited": f"{fetched.waited_seconds:.0f}s"} if fetched.waited_seconds else {}),
    }


def _is_wanted(world: World, request: archive.Request, charts: dict[str, str], begun_at: datetime | None) -> bool:
    if str(pair_of(request)) not in charts:
        return True
    is_extra = request.stream != archive.MARKET_CHART
    return bool(begun_at and is_extra and not archive.since(world.raw, request, begun_at))


def _resumed(
    settings: Settings, world: World, day: date, now: datetime, begun_at: datetime, pairs: Sequence[Pair]
) -> dict[str, str]:
    """The good market charts that an extraction had brought before it was cut short."""
    found = {}
    for request in asks.of_run(settings, day, now, pairs):
        if request.stream == archive.MARKET_CHART:
            for entry in archive.since(world.raw, request, begun_at):
                if _is_good(settings, world, entry):
                    found[str(pair_of(request))] = entry.file
    return found


def _is_good(settings: Settings, world: World, entry: archive.Entry) -> bool:
    try:
        max_age = timedelta(hours=settings.max_age_hours)
        verify.market_chart(entry.request, entry.read(world.raw), max_age, settings.repeat_hours)
    except (verify.BadAnswerError, archive.DamagedAnswerError):
        return False
    return True


def _is_old(settings: Settings, world: World, day: date, now: datetime, file: str) -> bool:
    """Whether an answer of an earlier run of today is too old to be published with those that come now."""
    extracted_at = archive.entry(world.raw, file).request.extracted_at
    return day == now.date() and now - extracted_at > timedelta(hours=settings.max_age_hours / 2)


def _files(world: World, answers: Sequence[str]) -> list[Path]:
    return [path for file in answers for path in (world.raw / file, archive.manifest_of(world.raw, file))]


def _tell_of(settings: Settings, world: World, day: date, refused: dict[str, ExtractionError]) -> None:
    for name, error in refused.items():
        console.log.warning("%s goes on without %s: %s", STEP, name, error.what)
        failures.keep(world.failures, settings, day, STEP, error, [Pair.of(name)])
