"""Sixty nights of two coins, the sick one with a bad answer on every third; and what is true of them, in plain Python.

Each night begins 20 minutes earlier in the day than the last one, from the evening to the early morning, so that the
5-minute answers leave nothing out. SWEEP_SEED draws the sick coin and the kinds. Where SWEEP_COUNT is small there are
fewer nights: six for a count of one, with two bad answers, and three nights more for each further count.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest.mock import patch

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.commands import replay
from btc_pipeline.lake import raw_archive
from btc_pipeline.market import days
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.transform import rebuilt, unit_test_results
from tests.e2e import published, truth
from tests.e2e.command_line import Pipeline, Result
from tests.e2e.live_api import SHORT_WAITS
from tests.e2e.published import Row
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.swept import COUNT, SEED
from tests.sweeps.bad_kinds import CASES
from tests.sweeps.nights import Bad, Night, World

COINS = ("bitcoin", "ethereum")
FIRST = datetime(2026, 3, 1, 21, 40, tzinfo=timezone.utc)
NIGHTS = 60 if COUNT is None else min(60, 3 + 3 * COUNT)
LOOKS_BACK = NIGHTS - 1 if COUNT is None else min(NIGHTS - 1, 2 * COUNT - 1)
"""At how many instants before the last one a replay is compared with what was published then."""
REAL_RUNS = 10 if COUNT is None else min(10, COUNT)
HOURLY_BPS, SERIES_BPS, BEYOND_BPS = 1.0, 100.0, 500.0
"""The published limits (docs/candles.md): what an hourly candle may be off; what a 5-minute one may; and how far its
range may go beyond the true one. Nothing contradicts a fault within them."""
PRICES = ("open", "high", "low", "close")


class Wrong(NamedTuple):
    """A final candle that is not the true one of its day, and by how much at most."""

    coin: str
    day: date
    granularity: str
    bps: float


@dataclass
class Story:
    """The nights, and what was made of the same answers by real runs and by looks back."""

    sick: str
    well: str
    nights: list[Night] = field(default_factory=list)
    real: dict[int, Future[tuple[Result, list[Row]]]] = field(default_factory=dict)
    looks_back: dict[int, Future[list[Row]]] = field(default_factory=dict)
    replayed: Future[rebuilt.Comparison] | None = None
    alone: Future[list[Row]] | None = None
    """The last candles of the well coin in a world that has never heard of the sick one."""

    def told(self, number: int) -> str:
        """A night in words: which bad answers it had last, and how it ended."""
        night = self.nights[number]
        last = max((each for each in range(number + 1) if self.nights[each].bad), default=0)
        bad = ", ".join(f"{bad.kind.name} in {bad.stream}" for bad in self.nights[last].bad) or "nothing"
        return (
            f"SWEEP_SEED={SEED} night {number} ({night.now:%d %b %H:%M}), {number - last} after {bad!r} of {self.sick}"
        )


def instant_of(number: int) -> datetime:
    """When a night is."""
    return FIRST + number * timedelta(hours=23, minutes=40)


def drawn() -> tuple[str, str, dict[int, Bad]]:
    """The sick coin, the well one, and the bad answers by night: on every third, and two good nights at the end."""
    lot = Random(SEED)
    sick, well = lot.sample(COINS, 2)
    numbers = range(0, NIGHTS - 2, 3)
    cases = lot.sample(CASES, len(numbers))
    return sick, well, {
        number: Bad(kind, stream, sick, well, (SEED, number))
        for number, (kind, stream) in zip(numbers, cases, strict=True)
    }  # fmt: skip


@contextmanager
def models_tested_once(folder: Path):
    """While it lasts, the unit tests that have run in the story's world count for each folder of a replay."""
    known, there = unit_test_results.known, Workspace(folder / "data", "live").dbt_target
    with patch.object(unit_test_results, "known", lambda _, version: known(there, version)):
        yield


def told(folder: Path, workers: Executor) -> Story:
    """All nights in their order; a real run of some, and a look back at some, are done by the workers."""
    sick, well, bad = drawn()
    story, world, lot = Story(sick, well), World(folder / "data", COINS), Random(SEED)
    really = lot.sample(range(NIGHTS), REAL_RUNS)
    for number in range(NIGHTS):
        if number in really:
            before = folder / f"before-{number}"
            shutil.copytree(world.data_dir, before, symlinks=True)
        night = world.night(instant_of(number), *([bad[number]] if number in bad else []))
        story.nights.append(night)
        if number in really:
            story.real[number] = workers.submit(real_run, before, night)
    for number in sorted(lot.sample(range(NIGHTS - 1), LOOKS_BACK)):
        story.looks_back[number] = workers.submit(look_back, world, world.workspace, story.nights[number].now)
    story.replayed = workers.submit(rebuilt.compare, world.settings, world.workspace, world.models)
    story.alone = workers.submit(without, story, world, folder)
    return story


def real_run(data_dir: Path, night: Night) -> tuple[Result, list[Row]]:
    """What a person's run makes of the same answers on a copy of the folder, and what readers find then."""

    def answer(path: str, number: int) -> FaultAnswer | None:
        coin = path.removeprefix("/api/v3/coins/").partition("/")[0]
        stream = streams.of_path(path.partition("?")[0])
        body = night.bodies.get((stream, coin))
        return None if body is None else FaultAnswer(body=body)

    with FaultyServer(synthetic, answer, now=night.now) as server:
        source = ("--pipeline-source", "live", "--coingecko-base-url", server.base_url, *SHORT_WAITS)
        pipeline = Pipeline(data_dir, (*source, f"--pipeline-coins={','.join(COINS)}"))
        result = pipeline.run("Publish", now=night.now.isoformat())
    database = Workspace(data_dir, "live").published
    return result, published.candles(database) if database.exists() else []


def look_back(world: World, workspace: Workspace, now: datetime) -> list[Row]:
    """The candles as `replay --as-of` has them."""
    return replay.as_of(world.settings, workspace, now, world.models)[0]


# --- What is true


def wrong_finals(candles: Sequence[Row]) -> list[Wrong]:
    """The final candles that are further from the truth than may be."""
    return [
        Wrong(row["coin_id"], row["date"], row["granularity"], round(bps, 1))
        for row in candles
        if row["status"] == "final" and is_wrong(row) and (bps := off_by(row))
    ]


def off_by(row: Row) -> float:
    """How far open, high, low or close are from those of the settled day, in basis points."""
    return max(abs(bps) for bps in _differences(row).values())


def is_wrong(row: Row) -> bool:
    """Whether a candle is further from the true one than the published limits allow."""
    if row["granularity"] == "hourly":
        return off_by(row) > HOURLY_BPS
    off = _differences(row)
    beyond = {"high": off["high"], "low": -off["low"]}
    return any(not -SERIES_BPS <= bps <= BEYOND_BPS for bps in beyond.values()) or any(
        abs(off[name]) > SERIES_BPS for name in ("open", "close")
    )


def _differences(row: Row) -> dict[str, float]:
    true = truth.settled(row["coin_id"], row["vs_currency"], row["date"], row["granularity"])
    return {name: 10_000 * (float(row[name]) / float(getattr(true, name)) - 1) for name in PRICES}


def late(night: Night, coin: str) -> list[str]:
    """What is missing of a coin whose answers have all been good: a final candle of each settled day, and today's."""
    found = {row["date"]: row for row in night.candles if row["coin_id"] == coin}
    settled = days.Span(FIRST.date() - timedelta(days=7), days.last_settled(night.now)).days
    not_final = [day for day in settled if day not in found or not truth.is_final(found[day])]
    says = [
        f"{day}: {found[day]['status']} {found[day]['doubts']}" if day in found else f"{day}: none" for day in not_final
    ]
    today = found.get(night.now.date(), {"status": "none"})["status"]
    return says if today == "open" else [*says, f"today: {today}"]


def unhealed(story: Story) -> list[str]:
    """What is not right of the sick coin after two good nights, of the days that the last answers were asked for.

    A day whose 5-minute answer was bad cannot be asked for again. It need not be final; but if its candle is made of
    hourly points, it has to be right.
    """
    last = story.nights[-1]
    lost = {day for night in story.nights for bad in night.bad for day in days_of_fine(bad, night)}
    found = {row["date"]: row for row in last.candles if row["coin_id"] == story.sick}
    says = []
    for day in days.Span(last.now.date() - timedelta(days=7), days.last_settled(last.now)).days:
        row = found.get(day)
        if row is None:
            says.append(f"{day}: none")
        elif is_wrong(row) and not (day in lost and row["granularity"] == "5-minute"):
            says.append(f"{day}: {row['status']} {row['granularity']}, off by {off_by(row):.1f} bps")
        elif not truth.is_final(row) and day not in lost:
            says.append(f"{day}: {row['status']} {row['doubts']}")
    return says


def days_of_fine(bad: Bad, night: Night) -> set[date]:
    """The days of which a bad 5-minute answer says something, or should."""
    if bad.stream != streams.CHART_5M:
        return set()
    try:
        stamps = [point[0] for point in json.loads(night.bodies[bad.stream, bad.coin])["prices"]]
    except (ValueError, KeyError):
        stamps = []
    said = {datetime.fromtimestamp(stamp / 1000, timezone.utc).date() for stamp in stamps}
    return {night.now.date(), night.now.date() - timedelta(days=1)} | said


def without(story: Story, world: World, folder: Path) -> list[Row]:
    """The last candles of the well coin in a world that has never heard of the sick one."""
    alone = Workspace(folder / "alone", "live")
    for stream in streams.STREAMS:
        place = Path(stream) / f"coin_id={story.well}"
        shutil.copytree(world.workspace.raw / place, alone.raw / place)
    assert len(raw_archive.entries(alone.raw, streams.MARKET_CHART)[0]) == NIGHTS
    return look_back(world, alone, story.nights[-1].now)
