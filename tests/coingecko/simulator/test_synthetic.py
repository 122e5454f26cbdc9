"""The synthetic market: its quirks are really there, and every window at every `now` tells the same truth."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.synthetic import Granularity, MarketChart, Point

MONDAY = datetime(2024, 4, 8, tzinfo=timezone.utc)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NOWS = [MONDAY + timedelta(hours=7.31 * number) for number in range(40)]


def at(stamp: float | None) -> datetime:
    assert stamp is not None
    return datetime.fromtimestamp(stamp / 1000, timezone.utc)


def points(chart: MarketChart) -> list[Point]:
    """The three arrays of an answer as points; their stamps agree."""
    arrays = zip(chart["prices"], chart["market_caps"], chart["total_volumes"], strict=True)
    joined: list[Point] = []
    for price, cap, volume in arrays:
        assert str(price[0]).isdecimal()
        assert price[0] is not None
        assert price[0] == cap[0] == volume[0]
        assert price[1] is not None
        assert volume[1] is not None
        joined.append(Point(int(price[0]), price[1], cap[1], volume[1]))
    return joined


def served(now: datetime, days: float = 7, coin_id: str = "bitcoin") -> list[Point]:
    return points(synthetic.market_chart(coin_id, "usd", now - timedelta(days=days), now, now))


def truth(granularity: Granularity, start: datetime, end: datetime, coin_id: str = "bitcoin") -> list[Point]:
    return synthetic.settled_points(coin_id, "usd", granularity, start, end)


def is_live(point: Point) -> bool:
    return point.stamp % 1000 == 0


def hours(series: list[Point]) -> Counter[int]:
    return Counter(point.stamp // 3_600_000 for point in series if not is_live(point))


# --- the settled series


@pytest.mark.parametrize("now", NOWS)
def test_any_week_has_a_doubled_and_a_missing_hour_and_a_null_and_a_zero_market_cap(now: datetime) -> None:
    week = truth("hourly", now - 7 * DAY, now)
    counts = hours(week)
    assert 2 in counts.values()
    assert set(range(min(counts), max(counts))) - set(counts)
    assert {None, 0.0} <= {point.market_cap for point in week}


def test_no_utc_day_misses_more_than_two_hours_or_doubles_more_than_two() -> None:
    for day in range(400):
        midnight = MONDAY + day * DAY
        counts = hours(truth("hourly", midnight, midnight + DAY))
        assert len(counts) >= 22
        assert sum(counts.values()) - len(counts) <= 2


def test_hourly_stamps_lie_5_to_3447_seconds_past_the_hour_and_never_on_a_whole_second() -> None:
    stamps = [point.stamp for point in truth("hourly", MONDAY, MONDAY + 200 * DAY)]
    assert 5_000 <= min(stamp % 3_600_000 for stamp in stamps) < 10_000
    assert 3_300_000 < max(stamp % 3_600_000 for stamp in stamps) <= 3_447_000
    assert all(stamp % 1000 for stamp in stamps)


def test_hourly_and_5_minute_series_share_no_stamp() -> None:
    hourly = {point.stamp for point in truth("hourly", MONDAY, MONDAY + 60 * DAY)}
    assert not hourly & {point.stamp for point in truth("5min", MONDAY, MONDAY + 60 * DAY)}


def test_5_minute_series_has_nearly_every_slot_and_doubled_and_missing_ones() -> None:
    slots = Counter(point.stamp // 300_000 for point in truth("5min", MONDAY, MONDAY + DAY))
    assert 280 <= len(slots) < 288
    assert 2 in slots.values()


def test_daily_points_lie_on_midnight_utc() -> None:
    week = truth("daily", MONDAY, MONDAY + 7 * DAY)
    assert [at(point.stamp) for point in week] == [MONDAY + day * DAY for day in range(8)]


@pytest.mark.parametrize("granularity", ["5min", "hourly", "daily"])
def test_settled_points_are_in_strict_time_order_and_positive(granularity: Granularity) -> None:
    series = truth(granularity, MONDAY, MONDAY + 20 * DAY)
    assert all(earlier.stamp < later.stamp for earlier, later in pairwise(series))
    assert all(point.price > 0 and point.total_volume > 0 for point in series)


def test_settled_points_of_a_window_are_those_of_its_parts() -> None:
    middle = MONDAY + timedelta(hours=31, minutes=3, milliseconds=17)
    whole = truth("hourly", MONDAY, MONDAY + 3 * DAY)
    parts = (
        truth("hourly", MONDAY, middle),
        truth("hourly", middle + timedelta(milliseconds=1), MONDAY + 3 * DAY),
    )
    assert whole == parts[0] + parts[1]


def test_prices_walk_by_about_half_a_percent_an_hour_and_use_all_digits() -> None:
    prices = [point.price for point in truth("hourly", MONDAY, MONDAY + 90 * DAY)]
    returns = [math.log(later / earlier) for earlier, later in pairwise(prices)]
    assert 0.003 < statistics.pstdev(returns) < 0.008
    assert max(map(abs, returns)) < 0.05
    assert statistics.fmean(len(repr(price)) for price in prices) > 15


def test_prices_go_from_a_hundred_millionth_to_thousands_and_one_coin_is_stable() -> None:
    week = MONDAY, MONDAY + 7 * DAY
    assert all(1e-9 < point.price < 1e-7 for point in truth("hourly", *week, "kishu-inu"))
    assert all(0.98 < point.price < 1.02 for point in truth("hourly", *week, "tether"))
    assert all(1e4 < point.price < 1e6 for point in truth("hourly", *week))


def test_coins_differ_and_currencies_scale() -> None:
    hour = MONDAY, MONDAY + 6 * HOUR
    usd, eur = (synthetic.settled_points("bitcoin", each, "hourly", *hour) for each in ("usd", "eur"))
    assert [point.stamp for point in usd] == [point.stamp for point in eur]
    assert all(a.price / b.price == pytest.approx(1.08) for a, b in zip(usd, eur, strict=True))
    assert {point.stamp for point in usd}.isdisjoint(point.stamp for point in truth("hourly", *hour, "ethereum"))
    assert {point.price for point in synthetic.settled_points("bitcoin", "btc", "hourly", *hour)} == {1.0}


def test_points_are_the_same_in_another_process_and_time_zone() -> None:
    code = (
        "from datetime import *; from btc_pipeline.coingecko.simulator import synthetic;"
        "start = datetime(2024, 4, 8, tzinfo=timezone.utc);"
        "print(synthetic.settled_points('bitcoin', 'usd', 'hourly', start, start + timedelta(days=2)))"
    )
    environment = {
        "TZ": "Pacific/Apia",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": ":".join(filter(None, sys.path)),
    }
    command = [sys.executable, "-c", code]
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == repr(truth("hourly", MONDAY, MONDAY + 2 * DAY))


# --- the answers


@pytest.mark.parametrize(
    ("span", "age", "granularity"),
    [
        (DAY, timedelta(0), "5min"),
        (HOUR, timedelta(seconds=60), "5min"),
        (HOUR, timedelta(seconds=61), "hourly"),
        (HOUR, -5 * DAY, "5min"),
        (DAY + timedelta(seconds=1), timedelta(0), "hourly"),
        (90 * DAY, timedelta(0), "hourly"),
        (90 * DAY + timedelta(seconds=1), timedelta(0), "daily"),
        (91 * DAY, 30 * DAY, "daily"),
    ],
)
def test_granularity_follows_from_span_and_age(span: timedelta, age: timedelta, granularity: str) -> None:
    end = MONDAY - age
    assert synthetic.granularity_for(min(end, MONDAY) - span, end, MONDAY) == granularity


@pytest.mark.parametrize("now", NOWS)
@pytest.mark.parametrize("days", [0.5, 7, 120])
def test_an_answer_is_the_settled_points_that_are_due_and_then_a_live_one(now: datetime, days: float) -> None:
    *settled, live = served(now, days)
    granularity: Granularity = "5min" if days <= 1 else "hourly" if days <= 90 else "daily"
    everything = truth(granularity, now - timedelta(days=days), now)
    assert settled == [point for point in everything if now >= due(point)]
    assert is_live(live)


def due(point: Point) -> datetime:
    """When CoinGecko serves it: at once, but the day's last hour (and its closing midnight) at 00:35."""
    stamped = at(point.stamp)
    midnight = (stamped + HOUR).replace(hour=0, minute=0, second=0, microsecond=0)
    is_late = stamped.hour == 23 or stamped == midnight
    return midnight + 35 * MINUTE if is_late else stamped


@pytest.mark.parametrize("now", NOWS)
def test_no_point_is_later_than_now_or_outside_the_window(now: datetime) -> None:
    start, end = now - 3 * DAY, now - timedelta(seconds=50)
    stamps = [at(point.stamp) for point in points(synthetic.market_chart("bitcoin", "usd", start, end, now))]
    assert start <= min(stamps)
    assert max(stamps) <= end
    future = points(synthetic.market_chart("bitcoin", "usd", start, now + DAY, now))
    assert all(at(point.stamp) <= now for point in future)


def test_a_window_shorter_than_the_live_point_is_old_has_none() -> None:
    now = next(now for now in NOWS if not synthetic.live_point_is_early(now))
    assert served(now, timedelta(seconds=19) / DAY) == []


def test_overlapping_windows_at_different_nows_agree_on_every_settled_point() -> None:
    seen: dict[int, Point] = {}
    for now in NOWS:
        for point in served(now):
            assert is_live(point) or seen.setdefault(point.stamp, point) == point


def test_the_last_hour_of_a_day_is_served_from_00_35_utc_on() -> None:
    last_hour = {point.stamp for point in truth("hourly", MONDAY + 23 * HOUR, MONDAY + DAY)}
    before = {point.stamp for point in served(MONDAY + DAY + timedelta(minutes=34, seconds=59))}
    after = {point.stamp for point in served(MONDAY + DAY + timedelta(minutes=35))}
    assert last_hour
    assert before.isdisjoint(last_hour)
    assert after >= last_hour


def test_the_last_hour_of_the_5_minute_series_is_served_from_00_35_utc_on_too() -> None:
    last_hour = {point.stamp for point in truth("5min", MONDAY + 23 * HOUR, MONDAY + DAY)}
    before = {point.stamp for point in served(MONDAY + DAY + timedelta(minutes=34, seconds=59), 1)}
    after = {point.stamp for point in served(MONDAY + DAY + timedelta(minutes=35), 1)}
    assert len(last_hour) > 8
    assert before.isdisjoint(last_hour)
    assert after >= last_hour


@pytest.mark.parametrize("vs_currency", ["usd", "btc"])
def test_an_answer_is_the_same_when_it_is_asked_for_again_and_may_be_changed_by_who_has_it(vs_currency: str) -> None:
    window = MONDAY - DAY, MONDAY
    first = synthetic.market_chart("solana", vs_currency, *window, MONDAY)
    kept = {name: [list(point) for point in array] for name, array in first.items()}
    first["prices"][0][1] = -1.0
    first["prices"].pop()
    assert synthetic.market_chart("solana", vs_currency, *window, MONDAY) == kept


def test_a_window_of_the_past_has_no_live_point() -> None:
    window = MONDAY - 3 * DAY, MONDAY - timedelta(seconds=61)
    past = points(synthetic.market_chart("bitcoin", "usd", *window, MONDAY))
    assert past
    assert not any(map(is_live, past))


def test_the_live_point_is_stamped_before_the_last_settled_point_in_the_minutes_that_say_so() -> None:
    minutes = [MONDAY + 12 * HOUR + number * MINUTE + timedelta(seconds=30) for number in range(200)]
    for now in minutes:
        *_, last, live = served(now, 2)
        assert (live.stamp < last.stamp) == synthetic.live_point_is_early(now)
    assert 20 <= sum(map(synthetic.live_point_is_early, minutes)) <= 80


def test_an_ordinary_live_point_is_20_seconds_to_30_minutes_old_or_next_to_the_last_settled_one() -> None:
    ages = []
    for now in (MONDAY + 12 * HOUR + number * MINUTE for number in range(400)):
        *_, last, live = served(now, 2)
        if not synthetic.live_point_is_early(now) and live.stamp - last.stamp > 1000:
            ages.append(now - at(live.stamp))
    assert timedelta(seconds=20) <= min(ages) < 3 * MINUTE
    assert 25 * MINUTE < max(ages) <= 30 * MINUTE + timedelta(seconds=1)


def test_just_after_midnight_a_live_point_can_still_be_stamped_yesterday() -> None:
    nows = [MONDAY + day * DAY + 5 * MINUTE for day in range(30)]
    assert any(at(served(now)[-1].stamp).date() < now.date() for now in nows)


def test_a_live_price_is_off_the_settled_one_of_its_second_by_up_to_half_a_percent() -> None:
    minutes = (MONDAY + 12 * HOUR + number * MINUTE for number in range(400))
    ends = [served(now, 2)[-2:] for now in minutes if synthetic.live_point_is_early(now)]
    off = [abs(live.price / last.price - 1) for last, live in ends]
    assert 0.004 < max(off) < 0.006
    assert statistics.fmean(off) > 0.002


@pytest.mark.parametrize(("coin_id", "vs_currency"), [("no-such-coin", "usd"), ("bitcoin", "xyz"), ("", "")])
def test_what_the_market_does_not_know_it_says(coin_id: str, vs_currency: str) -> None:
    assert not synthetic.knows_currency(coin_id, vs_currency)
    with pytest.raises(KeyError):
        synthetic.market_chart(coin_id, vs_currency, MONDAY, MONDAY + DAY, MONDAY + DAY)


# --- CoinGecko's own candles


@pytest.mark.parametrize("days", synthetic.OHLC_DAYS)
@pytest.mark.parametrize("now", NOWS[:8], ids=str)
def test_candles_are_the_hourly_points_of_their_four_hours(now, days):
    candles = synthetic.ohlc("bitcoin", "usd", days, now)
    known = [point for point in served(now, days + 1) if not is_live(point)]
    for closed_at, *prices in candles:
        inside = [p.price for p in known if closed_at - 4 * 3_600_000 <= p.stamp < closed_at]
        assert prices == [inside[0], max(inside), min(inside), inside[-1]]


@pytest.mark.parametrize("now", NOWS, ids=str)
def test_candles_end_with_the_one_that_is_open_and_are_six_a_day(now):
    candles = synthetic.ohlc("ethereum", "eur", 7, now)
    closes = [at(candle[0]) for candle in candles]
    assert all(later - earlier == 4 * HOUR for earlier, later in pairwise(closes))
    assert closes[-1] - 4 * HOUR <= now + HOUR  # its first hour may have no point yet
    assert len(candles) in {41, 42}
