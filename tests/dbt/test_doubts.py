"""A day with a doubt is provisional, the next run's too, until good evidence comes; no other coin or day is touched.

The answers are put into the archive as an extraction would; from there on it is the real loader, dbt and tests. Each
coin is a case: in the answers of two runs something is wrong with one day of it, and a third run has it right.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import raw_archive
from tests.support.built_world import BuiltWorld

pytestmark = pytest.mark.long

FIRST = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
RUNS = [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=2)]
WRONG = date(2026, 5, 8)


def at(stamp):
    return datetime.fromtimestamp(stamp / 1000, tz=timezone.utc)


def two_hours_early(chart):
    """The day has no point from 22:00 on; 22 of 24 hours are there."""
    for name, points in chart.items():
        chart[name] = [point for point in points if not (at(point[0]).date() == WRONG and at(point[0]).hour >= 22)]


def a_little_dearer(chart):
    """By 0.4 %, all hours of the day alike, as CoinGecko's own candles do not have them."""
    for point in chart["prices"]:
        point[1] *= 1.004 if at(point[0]).date() == WRONG else 1


def an_hour_off(chart):
    """One hourly point of the day lies 3 % lower."""
    for point in chart["prices"]:
        point[1] *= 0.97 if (at(point[0]).date(), at(point[0]).hour) == (WRONG, 10) else 1


def five_times(chart):
    for point in chart["prices"]:
        point[1] *= 5 if at(point[0]).date() == WRONG else 1


def five_hours_late(chart):
    """Ethereum's prices of the day are those of five hours before: other ends, and almost the same range."""
    late = timedelta(hours=5)
    start = datetime.combine(WRONG, datetime.min.time(), timezone.utc) - late
    before = synthetic.market_chart("ethereum", "usd", start, start + timedelta(days=1), start + timedelta(days=1))
    for point in chart["prices"]:
        if at(point[0]).date() == WRONG:
            then = point[0] - late // timedelta(milliseconds=1)
            point[1] = min(before["prices"], key=lambda other: abs(other[0] - then))[1]


def right(chart):
    """As the market has it."""


@dataclass(frozen=True)
class Case:
    """The doubts on the day of a coin, and what is wrong with its hourly answers, and with its 5-minute ones.

    Those cover the day if there are any. CoinGecko's own candles are right, if there are any.
    """

    doubts: list[str]
    hourly: Callable[[Any], None] = right
    fine: Callable[[Any], None] | None = None
    has_opinion: bool = True


CASES = {
    "bitcoin": Case(["edge", "second_opinion_differs"], two_hours_early),
    "tether": Case(["second_opinion_differs"], a_little_dearer),
    "ripple": Case(["series_differ"], an_hour_off, right, has_opinion=False),
    "cardano": Case(["second_opinion_differs", "series_differ"], two_hours_early, five_times),
    "ethereum": Case(["second_opinion_differs"], five_hours_late, five_hours_late),
    "dogecoin": Case([], an_hour_off, right),
    "litecoin": Case([], fine=five_times),
}
DOUBTED = [coin for coin, case in CASES.items() if case.doubts]
DECIDED = {"dogecoin": "5-minute", "litecoin": "hourly"}
"""The series of two are at odds, and the second opinion is for this one."""

UNTOUCHED = "monero"
TABLES = ("daily_candlestick", "int_doubts_raised", "second_opinions", "price_gaps", "price_anomalies")


def keep(world, now):
    """The answers of a run to the archive; those of the last run are right."""
    for coin in (*CASES, UNTOUCHED):
        case = CASES.get(coin, Case([]))
        is_last = now == RUNS[-1]
        world.keep(now, 4, right if is_last else case.hourly, coin)
        world.keep_fine(now, right, coin)
        if case.fine and now == FIRST:  # the runs of two days before brought 5-minute points
            world.keep_fine(now - timedelta(days=2), case.fine, coin)
            world.keep_fine(now - timedelta(days=1), case.fine, coin)
        if case.fine and is_last:
            world.keep_fine(FIRST - timedelta(days=2, minutes=-1), right, coin)
            world.keep_fine(FIRST - timedelta(days=1, minutes=-1), right, coin)
        request = raw_archive.Request(
            coin, "usd", now.date(), now - timedelta(days=7), now, now, world.settings.provenance, streams.OHLC
        )
        body = json.dumps(synthetic.ohlc(coin, "usd", 7, now) if case.has_opinion else []).encode()
        raw_archive.keep(world.workspace.raw, request, body)


def tables_of(world):
    return {name: world.query(f"select * from {name} order by all") for name in TABLES}


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Each run's tables, and the world of all of them."""
    world = BuiltWorld(tmp_path_factory.mktemp("doubts"), RUNS[-1])
    tables = []
    for now in RUNS:
        keep(world, now)
        world.build(now)
        tables.append(tables_of(world))
    return tables


def doubted(tables):
    """Status and doubts of each candle, by coin and day, but of those that are final and undoubted."""
    rows = [(row[0], row[2], row[15], row[19]) for row in tables["daily_candlestick"]]
    return {(coin, day): (status, doubts) for coin, day, status, doubts in rows if (status, doubts) != ("final", [])}


@pytest.mark.parametrize("coin", DOUBTED)
@pytest.mark.parametrize("number", [0, 1], ids=["the first run", "the next run"])
def test_the_day_is_provisional_and_says_why(number, coin, history):
    assert doubted(history[number])[coin, WRONG] == ("provisional", CASES[coin].doubts)


@pytest.mark.parametrize("coin", DOUBTED)
def test_good_evidence_lifts_the_doubt(coin, history):
    assert (coin, WRONG) not in doubted(history[-1])


@pytest.mark.parametrize("coin", DECIDED)
def test_the_second_opinion_decides_which_series_makes_the_candle(coin, history):
    for tables in history[:2]:
        (candle,) = [row for row in tables["daily_candlestick"] if (row[0], row[2]) == (coin, WRONG)]
        assert (candle[12], candle[15], candle[19]) == (DECIDED[coin], "final", [])


def test_no_other_coin_and_no_other_day_is_doubted(history):
    for now, tables in zip(RUNS, history, strict=True):
        others = {key: value for key, value in doubted(tables).items() if key[1] != WRONG or key[0] == UNTOUCHED}
        assert others == {(coin, now.date()): ("open", []) for coin in (*CASES, UNTOUCHED)}


def test_a_build_of_all_answers_at_once_comes_to_the_same(history, tmp_path):
    world = BuiltWorld(tmp_path, RUNS[-1])
    for now in RUNS:
        keep(world, now)
    world.build()
    assert tables_of(world) == history[-1]
