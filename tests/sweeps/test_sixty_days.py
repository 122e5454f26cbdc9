"""Sixty days with late data, revisions, silent hours and days without a run, against plain Python after each run.

The market is this module's own; what the pipeline should say is computed here from what the API has answered, without
any of the pipeline's code.
"""

import hashlib
import itertools
import math
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.coingecko.replay import ReplayServer
from tests.e2e.command_line import Pipeline

pytestmark = pytest.mark.sweep

FIRST = date(2026, 3, 1)
DAYS = 60
NO_RUN = {*range(20, 31), 41}
"""Days without a run; the windows of 7 days leave a hole of whole days in the first of them."""

HOUR = 3_600_000
FIELDS = ("open", "high", "low", "close", "volume_24h", "market_cap", "points", "coverage", "granularity", "status")


def share(*key):
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:4], "big") / 2**32


def milliseconds(instant):
    return int(instant.timestamp() * 1000)


class Market:
    """CoinGecko with its bad days: of a hundred hours two never come, three come two days late, three are revised."""

    def knows_coin(self, coin_id, /):
        return coin_id == "bitcoin"

    def knows_currency(self, coin_id, vs_currency, /):
        return vs_currency == "usd"

    def coins_list(self):
        return [{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}]

    def supported_vs_currencies(self):
        return ["usd"]

    def earliest_start(self, now, /):
        return None

    def market_chart(self, coin_id, vs_currency, start, end, now, /):
        points = [
            point
            for slot in range(milliseconds(start) // HOUR, milliseconds(min(end, now)) // HOUR + 1)
            if (point := self.point(slot, now)) and milliseconds(start) <= point[0] <= milliseconds(min(end, now))
        ]
        if end >= now - timedelta(minutes=1):
            points.append((milliseconds(now) // 1000 * 1000, 77_777.0))
        return {
            "prices": [[stamp, price] for stamp, price in points],
            "market_caps": [[stamp, price * 2e7] for stamp, price in points],
            "total_volumes": [[stamp, price * 1e5] for stamp, price in points],
        }

    def ohlc(self, coin_id, vs_currency, days, now, /):
        last = (milliseconds(now) - 1) // (4 * HOUR) + 1
        candles = []
        for number in range(last - 6 * days, last):
            points = filter(None, (self.point(slot, now) for slot in range(4 * number, 4 * number + 4)))
            prices = [price for stamp, price in points if stamp <= milliseconds(now)]
            if prices:
                candles.append([(number + 1) * 4 * HOUR, prices[0], max(prices), min(prices), prices[-1]])
        return candles

    def served(self, start, now):
        """Whether an answer at `now` has the settled point of the hour."""
        point = self.point(milliseconds(start) // HOUR, now)
        return bool(point) and point[0] <= milliseconds(now)

    def point(self, slot, now):
        age = now - datetime.fromtimestamp(slot * 3600, tz=timezone.utc)
        kind = share("kind", slot)
        if kind < 0.02 or (kind < 0.05 and age < timedelta(days=2)):
            return None
        price = 60_000 * (1 + 0.1 * share("price", slot // 12) + 0.01 * share("noise", slot))
        if 0.05 <= kind < 0.08 and age >= timedelta(days=3):
            price *= 1.003
        return slot * HOUR + 1 + 2 * int(share("stamp", slot) * 1_500_000), price


@dataclass
class Truth:
    """What can be known: the answers so far, in plain Python."""

    points: dict[int, float] = field(default_factory=dict)
    point_revisions: set[tuple[int, float, float]] = field(default_factory=set)
    asked: dict[date, datetime] = field(default_factory=dict)
    settled: set[date] = field(default_factory=set)

    def take(self, chart, start, now):
        prices = chart["prices"]
        *settled, live = prices
        for stamp, price in settled:
            if self.points.get(stamp, price) != price:
                self.point_revisions.add((stamp, self.points[stamp], price))
            self.points[stamp] = price
        newest = datetime.fromtimestamp(settled[-1][0] / 1000, tz=timezone.utc)
        for number in range((now.date() - start.date()).days + 1):
            day = start.date() + timedelta(days=number)
            end = datetime.combine(day + timedelta(days=1), time(), timezone.utc)
            self.asked[day] = now
            if now >= end + timedelta(minutes=35) and newest >= end - timedelta(hours=1):
                self.settled.add(day)
        self.today, self.live = now.date(), live

    def candles(self):
        by_day: dict[date, list[tuple[int, float]]] = {}
        for stamp, price in sorted(self.points.items()):
            by_day.setdefault(datetime.fromtimestamp(stamp / 1000, tz=timezone.utc).date(), []).append((stamp, price))
        if self.today not in by_day:
            by_day[self.today] = []
        return {day: self.candle(day, points) for day, points in by_day.items()}

    def candle(self, day, points):
        number, slots = len(points), len({stamp // HOUR for stamp, _ in points})
        due = 24
        if day == self.today:
            due = self.asked[day].hour
            if not points or self.live[0] > points[-1][0]:
                points = [*points, tuple(self.live)]
        prices = [price for _, price in points]
        coverage = min(1.0, slots / due) if due else 1.0
        status = "open" if day == self.today else "final" if day in self.settled and coverage >= 0.9 else "provisional"
        return {
            "open": prices[0],
            "high": max(prices),
            "low": min(prices),
            "close": prices[-1],
            "volume_24h": prices[-1] * 1e5,
            "market_cap": prices[-1] * 2e7,
            "points": number,
            "coverage": coverage,
            "granularity": "hourly",
            "status": status,
        }


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """After each run: its instant, the published candles, and the true ones; at last the ledger, and the truth."""
    folder = tmp_path_factory.mktemp("sixty") / "data"
    truth, versions = Truth(), []
    for number in range(DAYS):
        if number in NO_RUN:
            continue
        now = datetime.combine(FIRST + timedelta(days=number), time(1 + number % 22, 40), timezone.utc)
        start = datetime.combine(now.date() - timedelta(days=7), time(), timezone.utc)
        with ReplayServer(Market(), now=now) as server:
            options = ("--pipeline-source", "live", "--coingecko-base-url", server.base_url)
            result = Pipeline(folder, options).run("Publish", now=now.isoformat())
        assert result.exit_code == 0, f"{now}: {result.stderr}"
        truth.take(Market().market_chart("bitcoin", "usd", start, now, now), start, now)
        versions.append((now, rows(folder, "select * from daily_candlestick"), truth.candles()))
    return folder, versions, truth


def rows(folder, query):
    with duckdb.connect(str(folder / "live/crypto_data.duckdb"), read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def is_same(published, true):
    """Products and quotients may differ in the last digit; all else is exact."""
    return published == true if isinstance(true, str) else math.isclose(published, true, rel_tol=1e-15)


def test_after_each_run_each_candle_and_its_certificate_are_as_plain_python_has_them(history):
    _, versions, _ = history
    wrong = [
        (now, row["date"], name, row[name], true[row["date"]][name])
        for now, published, true in versions
        for row in published
        for name in FIELDS
        if not is_same(row[name], true[row["date"]][name])
    ]
    missing = [
        (now, day) for now, published, true in versions for day in set(true) - {row["date"] for row in published}
    ]
    assert (wrong, missing) == ([], [])


def test_the_ledger_has_each_change_of_a_candle_that_was_over_and_no_other(history):
    folder, versions, _ = history
    changes = set()
    for (_, before, _), (now, after, _) in itertools.pairwise(versions):
        later = {row["date"]: row for row in after}
        changes |= {
            (row["date"], name, now.replace(tzinfo=None), str(later[row["date"]][name]))
            for row in before
            if row["status"] != "open"
            for name in FIELDS
            if later[row["date"]][name] != row[name]
        }
    kept = rows(folder, "from candle_revisions where subject = 'candle'")
    assert {(each["date"], each["field"], each["revised_at"]) for each in kept} == {change[:3] for change in changes}
    assert len(kept) == len(changes) > 50
    texts = {(each["date"], each["field"], each["revised_at"], each["new_value"]) for each in kept}
    assert {text for text in texts if text[1] in {"status", "points"}} == {
        change for change in changes if change[1] in {"status", "points"}
    }
    assert {"points_revised", "points_added"} <= {each["reason"] for each in kept}


def stamp_of(revision):
    return milliseconds(revision["observed_at"].replace(tzinfo=timezone.utc))


def test_the_ledger_has_each_revised_point(history):
    folder, _, truth = history
    query = "from candle_revisions where subject = 'point' and field = 'price'"
    kept = {
        (
            milliseconds(each["observed_at"].replace(tzinfo=timezone.utc)),
            float(each["old_value"]),
            float(each["new_value"]),
        )
        for each in rows(folder, query)
    }
    assert kept == truth.point_revisions
    assert len(kept) > 10


def test_the_second_opinion_on_each_day_is_as_plain_python_has_it(history):
    """It is asked for longer than the prices are, so it may know a revision that came after a pause of the runs."""
    folder, versions, _ = history
    newest = {candle[0]: candle for now, _, _ in versions for candle in Market().ohlc("bitcoin", "usd", 14, now)}
    by_day: dict[date, list[list[float]]] = {}
    for close in sorted(newest):
        day = datetime.fromtimestamp((close - 1) / 1000, tz=timezone.utc).date()
        by_day.setdefault(day, []).append(newest[close])
    candles = {row["date"]: row for row in rows(folder, "from daily_candlestick")}
    opinions = rows(folder, "from second_opinions")
    assert [each["date"] for each in opinions] == sorted(day for day, row in candles.items() if row["status"] != "open")
    for each in opinions:
        of_day = by_day[each["date"]]
        true = {"open": of_day[0][1], "high": max(candle[2] for candle in of_day)}
        true |= {"low": min(candle[3] for candle in of_day), "close": of_day[-1][4]}
        assert {name: each[f"ohlc_{name}"] for name in true} == true
        assert each["ohlc_candles"] == len(of_day)
        if each["verdict"] == "agrees":
            bps = {name: 10_000 * (candles[each["date"]][name] / true[name] - 1) for name in true}
            assert {name: each[f"{name}_bps"] for name in true} == pytest.approx(bps, abs=1e-9)
    assert {each["verdict"] for each in opinions} <= {"agrees", "incomplete"}
    agreeing = [each["largest_bps"] for each in opinions if each["verdict"] == "agrees"]
    assert sum(bps < 1e-9 for bps in agreeing) > 0.8 * len(opinions)


def test_each_candle_names_as_many_points_of_raw_answers_as_it_has(history):
    folder, _, _ = history
    query = (
        "select candle.date from daily_candlestick as candle"
        " where candle.points + is_closed_by_live_point::int"
        " is distinct from (select sum(points) from candle_sources as source where source.date = candle.date)"
    )
    assert rows(folder, query) == []


def test_the_gap_ledger_has_each_hole_with_its_cause_and_no_other(history):
    folder, versions, _ = history
    runs = [now for now, *_ in versions]
    days = [FIRST + timedelta(days=number) for number in range(-7, DAYS)]
    expected = set()
    for day in days:
        midnight = datetime.combine(day, time(), timezone.utc)
        covering = [now for now in runs if now.date() - timedelta(days=7) <= day <= now.date()]
        if not covering:
            expected.add(("day", midnight, "not_run", "open"))
            continue
        for hour in range(24):
            slot = midnight + timedelta(hours=hour)
            due_at = slot + timedelta(hours=1, minutes=35)
            if slot + timedelta(hours=1) > runs[-1]:
                continue
            asked = [now for now in covering if now >= due_at]
            seen = [now for now in covering if Market().served(slot, now)]
            if seen and (not asked or seen[0] <= asked[0]):
                continue
            if asked:
                expected.add(("hourly", slot, "coingecko_silent", "closed" if seen else "open"))
            else:
                expected.add(("hourly", slot, "not_settled" if runs[-1] < due_at else "not_run", "open"))
    found = set()
    for gap in rows(folder, "from price_gaps"):
        step = timedelta(days=1) if gap["granularity"] == "day" else timedelta(hours=1)
        for number in range(gap["slots"]):
            start = gap["gap_from"].replace(tzinfo=timezone.utc) + number * step
            found.add((gap["granularity"], start, gap["cause"], gap["state"]))
    assert found == expected
    assert {cause for _, _, cause, _ in found} >= {"coingecko_silent", "not_run"}
    assert {state for *_, state in found} == {"open", "closed"}
