"""The routes that a run of many coins asks for, over real HTTP: charts by days, long ranges, the two lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer

NOW = datetime(2026, 7, 15, 13, 30, 5, tzinfo=timezone.utc)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LISTED = datetime(2026, 3, 1, tzinfo=timezone.utc)
"""When the coin that is not there from the beginning begins."""
EMPTY: dict[str, list[Any]] = {"prices": [], "market_caps": [], "total_volumes": []}

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(synthetic, NOW) as server:
        yield server


@pytest.fixture
def ask(server, get) -> Ask:
    """GET a path with these parameters, in US dollars."""
    return lambda path, **parameters: get(f"{server.base_url}{path}?{urlencode({'vs_currency': 'usd', **parameters})}")


def between(ask: Ask, coin_id: str, start: datetime, end: datetime) -> tuple[int, Any]:
    window = {"from": int(start.timestamp()), "to": int(end.timestamp())}
    return ask(f"/coins/{coin_id}/market_chart/range", **window)


def gap(chart: Any) -> timedelta:
    """The usual distance of two points: the granularity, as seen from outside."""
    stamps = [stamp for stamp, _ in chart["prices"]]
    return timedelta(milliseconds=(stamps[-1] - stamps[0]) / len(stamps))


def begins(chart: Any) -> datetime:
    return datetime.fromtimestamp(chart["prices"][0][0] / 1000, timezone.utc)


# --- charts by days


@pytest.mark.parametrize("days", [1, 2, 7, 90, 91, 365])
def test_a_chart_by_days_is_the_range_of_these_days_up_to_now(ask, days):
    status, chart = ask("/coins/ethereum/market_chart", days=days)
    assert status == 200
    assert chart == synthetic.market_chart("ethereum", "usd", NOW - days * DAY, NOW, NOW)


@pytest.mark.parametrize(("days", "minutes"), [(1, 5), (2, 60), (89, 60), (90, 60), (91, 24 * 60), (365, 24 * 60)])
def test_the_number_of_days_decides_the_granularity(ask, days, minutes):
    _, chart = ask("/coins/bitcoin/market_chart", days=days)
    assert gap(chart) == pytest.approx(minutes * timedelta(minutes=1), rel=0.05)


def test_one_day_has_the_quirks_and_ends_with_the_live_point(ask):
    _, chart = ask("/coins/bitcoin/market_chart", days=1)
    *settled, live = [stamp for stamp, _ in chart["prices"]]
    slots = [stamp // 300_000 for stamp in settled]
    assert live % 1000 == 0
    assert all(stamp % 1000 for stamp in settled)
    assert len(slots) > len(set(slots))
    assert set(range(slots[0], slots[-1])) - set(slots)
    assert {None, 0.0} <= {cap for _, cap in chart["market_caps"]}


def test_one_day_asked_for_between_midnight_and_00_35_lacks_the_last_hour(get):
    midnight = NOW.replace(hour=0, minute=0, second=0)
    late = []
    for now in (midnight + 34 * timedelta(minutes=1), midnight + 35 * timedelta(minutes=1)):
        with ReplayServer(synthetic, now) as server:
            _, chart = get(f"{server.base_url}/coins/bitcoin/market_chart?vs_currency=usd&days=1")
        hours = [datetime.fromtimestamp(stamp / 1000, timezone.utc).hour for stamp, _ in chart["prices"][:-1]]
        late.append(hours.count(23))
    assert late[0] == 0
    assert late[1] > 250 / 24


@pytest.mark.parametrize("days", [366, 1000, 999_999_999, "max"])
def test_more_than_365_days_are_refused_with_code_10012(ask, days):
    status, body = ask("/coins/bitcoin/market_chart", days=days)
    assert (status, body["error"]["status"]["error_code"]) == (401, 10012)


@pytest.mark.parametrize("days", [0, -1, "007", 1.5, "1e1", "all", "MAX", 10**9, "٣"])
def test_what_is_no_number_of_days_is_refused(ask, days):
    assert ask("/coins/bitcoin/market_chart", days=days) == (400, {"error": "Invalid days parameter"})


@pytest.mark.parametrize("parameters", [{}, {"days": ""}])
def test_missing_days_are_missed(ask, parameters):
    assert ask("/coins/bitcoin/market_chart", **parameters) == (422, {"error": "Missing parameter days"})


def test_an_unknown_coin_or_currency_is_said_before_the_days_are_looked_at(ask):
    assert ask("/coins/no-such-coin/market_chart") == (404, {"error": "coin not found"})
    assert ask("/coins/bitcoin/market_chart", vs_currency="xyz") == (400, {"error": "invalid vs_currency"})


# --- long ranges


@pytest.mark.parametrize("ago", [0, 30, 275])
def test_exactly_90_days_are_hourly_wherever_they_end(ask, ago):
    end = NOW - ago * DAY
    assert gap(between(ask, "bitcoin", end - 90 * DAY, end)[1]) == pytest.approx(timedelta(hours=1), rel=0.02)


@pytest.mark.parametrize("ago", [0, 274])
def test_a_second_more_than_90_days_is_daily(ask, ago):
    end = NOW - ago * DAY
    assert gap(between(ask, "bitcoin", end - 90 * DAY - SECOND, end)[1]) == pytest.approx(DAY, rel=0.05)


def test_ranges_of_90_days_cover_a_year_without_a_seam(ask):
    starts = [NOW - 365 * DAY + number * 90 * DAY for number in range(4)]
    charts = [between(ask, "bitcoin", start, start + 90 * DAY)[1]["prices"] for start in starts]
    truth = synthetic.settled_points("bitcoin", "usd", "hourly", starts[0], starts[-1] + 90 * DAY)
    assert [point for chart in charts for point in chart] == [[point.stamp, point.price] for point in truth]


def test_a_range_that_begins_a_second_too_early_is_refused_as_a_whole(ask):
    start = NOW - 365 * DAY
    assert between(ask, "bitcoin", start, start + 90 * DAY)[0] == 200
    status, body = between(ask, "bitcoin", start - SECOND, start + 90 * DAY)
    assert (status, body["error"]["status"]["error_code"]) == (401, 10012)
    assert set(body) == {"error"}


# --- a coin that begins late


def test_a_range_before_the_listing_is_answered_with_empty_arrays(ask):
    assert between(ask, "sample-newcomer", LISTED - 90 * DAY, LISTED - SECOND) == (200, EMPTY)


def test_a_range_over_the_listing_has_the_points_from_then_on(ask):
    _, chart = between(ask, "sample-newcomer", LISTED - 10 * DAY, LISTED + 10 * DAY)
    assert LISTED <= begins(chart) < LISTED + timedelta(hours=2)
    assert gap(chart) == pytest.approx(timedelta(hours=1), rel=0.05)


def test_more_than_90_days_over_the_listing_are_daily_from_then_on(ask):
    _, chart = ask("/coins/sample-newcomer/market_chart", days=365)
    assert begins(chart) == LISTED
    assert gap(chart) == pytest.approx(DAY, rel=0.05)


@pytest.mark.parametrize("path", ["market_chart?days=1&", "market_chart?days=90&", "ohlc?days=7&"])
def test_before_its_listing_a_coin_has_no_point_no_live_one_neither_and_no_candle(get, path):
    with ReplayServer(synthetic, LISTED - timedelta(hours=1)) as server:
        answer = get(f"{server.base_url}/coins/sample-newcomer/{path}vs_currency=usd")
    assert answer == (200, [] if "ohlc" in path else EMPTY)


def test_on_its_first_day_a_coin_has_what_there_is(get):
    now = LISTED + timedelta(hours=3)
    with ReplayServer(synthetic, now) as server:
        _, chart = get(f"{server.base_url}/coins/sample-newcomer/market_chart?vs_currency=usd&days=1")
    assert LISTED <= begins(chart) < LISTED + timedelta(minutes=15)
    assert 30 <= len(chart["prices"]) <= 40


# --- lists


def test_the_list_of_coins_has_all_that_are_served_and_nothing_else(ask):
    status, coins = ask("/coins/list")
    assert status == 200
    assert [set(coin) for coin in coins] == [{"id", "symbol", "name"}] * len(coins)
    assert all(ask(f"/coins/{coin['id']}/market_chart", days=1)[0] == 200 for coin in coins[::20])
    assert "no-such-coin" not in {coin["id"] for coin in coins}


def test_the_list_of_currencies_has_all_that_are_served(ask):
    status, currencies = ask("/simple/supported_vs_currencies")
    assert (status, currencies[:3]) == (200, ["btc", "eth", "usd"])
    assert all(ask("/coins/solana/market_chart", days=1, vs_currency=each)[0] == 200 for each in currencies)
