"""An answer that alone is hard to believe puts its days in doubt; the next good answer heals them.

Its prices are those of other hours, have few digits, or mean another rate between two currencies. Each coin is a case.
Nobody has a second opinion here.
"""

from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from tests.support.built_world import BuiltWorld

pytestmark = [pytest.mark.long, pytest.mark.sweep]

DAY = timedelta(days=1)
FIRST = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
RUNS = [FIRST + number * DAY for number in range(5)]
ODD = RUNS[2]
COINS = ("bitcoin", "solana", "monero")


def right(chart):
    """As the market has it."""


def of_the_day_before(coin):
    """Its stamps are right, to the hour; each of its prices is a day old."""

    def change(chart):
        first, *_, last = (stamp for stamp, _ in chart["prices"])
        old: Any = synthetic.market_chart(coin, "usd", at(first) - DAY, at(last) - DAY, at(last) - DAY)
        for name, points in old.items():
            chart[name] = [[stamp + DAY // timedelta(milliseconds=1), value] for stamp, value in points]

    return change


def at(stamp):
    return datetime.fromtimestamp(stamp / 1000, tz=timezone.utc)


def rounded(chart):
    for point in chart["prices"]:
        point[1] = float(f"{point[1]:.3g}")


def three_percent_off(chart):
    for point in chart["prices"]:
        point[1] *= 1.03


class Candle(NamedTuple):
    """What a candle says of itself."""

    status: str
    granularity: str
    doubts: list[str]


def candles(world):
    rows = world.query("select coin_id, vs_currency, date, status, granularity, doubts from daily_candlestick")
    return {(coin, currency, day): Candle(*said) for coin, currency, day, *said in rows}


@pytest.fixture(scope="module")
def fine(tmp_path_factory):
    """The candles after each run, whose third one got an odd 5-minute answer of two coins, and right hourly ones."""
    world = BuiltWorld(tmp_path_factory.mktemp("fine"), RUNS[-1], run="a run")
    odd = {"bitcoin": of_the_day_before("bitcoin"), "solana": rounded}
    found = []
    for now in RUNS:
        for coin in COINS:
            world.keep(now, 5, coin_id=coin)
            world.keep_fine(now, odd.get(coin, right) if now == ODD else right, coin)
        assert world.build(now) == []
        doubts = world.query("select coin_id, date, granularity, doubt from int_doubts_raised")
        found.append((candles(world), set(doubts)))
    return found


@pytest.mark.turn("stories of bad answers", "odd 5-minute points")
@pytest.mark.parametrize("later", [0, 1, 2])
@pytest.mark.parametrize(("coin", "doubt", "status"), [
    ("bitcoin", "moved_window", "provisional"),  # the two series differ, and nobody knows which one is right
    ("solana", "few_digits", "final"),
])  # fmt: skip
def test_no_candle_is_made_of_odd_5_minute_points(coin, doubt, status, later, fine):
    found, doubts = fine[RUNS.index(ODD) + later]
    over = (ODD - DAY).date()
    assert (coin, over, "5-minute", doubt) in doubts
    candle = found[coin, "usd", over]
    assert (candle.granularity, candle.status) == ("hourly", status)
    assert found["monero", "usd", over].granularity == "5-minute"


@pytest.fixture(scope="module")
def currencies(tmp_path_factory):
    """The candles after each run; the third one had prices in euro that are three percent off, of one coin."""
    world = BuiltWorld(tmp_path_factory.mktemp("currencies"), RUNS[-1], run="a run")
    found = []
    for now in RUNS:
        for coin in COINS:
            for currency in ("usd", "eur"):
                is_odd = now == ODD and (coin, currency) == ("solana", "eur")
                world.keep(now, 5, three_percent_off if is_odd else right, coin, currency)
        world.build(now)
        found.append(candles(world))
    return found


def doubts(found, coin, currency):
    return {doubt for key, row in found.items() if key[:2] == (coin, currency) for doubt in row.doubts} - {"edge"}


@pytest.mark.turn("stories of bad answers", "an odd rate")
def test_a_rate_that_no_other_coin_has_is_doubted_in_both_currencies_until_the_next_answer(currencies):
    odd, *after = currencies[RUNS.index(ODD) :]
    assert "currencies_differ" in doubts(odd, "solana", "eur")
    assert doubts(odd, "solana", "usd") == {"currencies_differ"}
    assert [doubts(found, "solana", currency) for found in after for currency in ("usd", "eur")] == [set()] * 4
    assert [doubts(found, coin, "eur") for found in currencies for coin in ("bitcoin", "monero")] == [set()] * 10


LAST = datetime(2026, 5, 24, 13, 30, tzinfo=timezone.utc)


def in_thousands(name):
    def change(chart):
        for point in chart[name]:
            point[1] = point[1] and point[1] / 1000

    return change


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """The candles after each of three runs; the second one had volumes, or caps, of two coins in thousands."""
    world = BuiltWorld(tmp_path_factory.mktemp("figures"), LAST, run="a run")
    odd = {"bitcoin": in_thousands("total_volumes"), "solana": in_thousands("market_caps")}
    found = []
    for now, days in [(LAST - 2 * DAY, 14), (LAST - DAY, 2), (LAST, 3)]:
        for coin in COINS:
            world.keep(now, days, odd.get(coin, right) if now == LAST - DAY else right, coin)
        assert world.build(now) == []
        found.append(candles(world))
    return found


@pytest.mark.turn("stories of bad answers", "odd volumes and caps")
@pytest.mark.parametrize("coin", ["bitcoin", "solana"])
def test_figures_in_another_unit_put_their_days_in_doubt_until_the_next_answer(coin, figures):
    before, odd, after = (doubts(found, coin, "usd") for found in figures)
    assert (before, odd, after) == (set(), {"figures_differ"}, set())
    off = [key for key, row in figures[1].items() if key[0] == coin and "figures_differ" in row.doubts]
    assert off == [(coin, "usd", (LAST - days * DAY).date()) for days in (3, 2)]
    assert {figures[1][key].status for key in off} == {"provisional"}
    assert doubts(figures[1], "monero", "usd") == set()
