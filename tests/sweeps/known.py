"""What can be known of the market from its answers so far, in plain Python, without any of the pipeline's code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from tests.sweeps.market import FINE, FIVE_MINUTES, HOUR, HOURLY, STEPS, Market, midnight, milliseconds

EDGE = timedelta(minutes=15)
"""The 5-minute series covers a day only with a point this near to each of its ends."""


@dataclass
class Series:
    """What can be known of one series: the answers so far, in plain Python."""

    granularity: str
    points: dict[int, float] = field(default_factory=dict)
    revisions: set[tuple[int, float, float]] = field(default_factory=set)
    asked: set[date] = field(default_factory=set)
    settled: set[date] = field(default_factory=set)
    live: tuple[int, float] = (0, 0.0)

    def take(self, chart, start, now):
        *before, self.live = map(tuple, chart["prices"])
        settled = [point for point in before if point != before[-1] or point[0] % 1000]
        for stamp, price in settled:
            if self.points.get(stamp, price) != price:
                self.revisions.add((stamp, self.points[stamp], price))
            self.points[stamp] = price
        newest = datetime.fromtimestamp(settled[-1][0] / 1000, tz=timezone.utc)
        step = timedelta(milliseconds=STEPS[self.granularity])
        for number in range((now.date() - start.date()).days + 1):
            day = start.date() + timedelta(days=number)
            end = midnight(day) + timedelta(days=1)
            self.asked.add(day)
            has_last_hour = start <= end - timedelta(hours=1)
            if has_last_hour and now >= end + timedelta(minutes=35) and newest >= end - step:
                self.settled.add(day)

    def of(self, day):
        """The settled points of a day, in order."""
        first = milliseconds(midnight(day))
        return sorted((stamp, price) for stamp, price in self.points.items() if first <= stamp < first + 24 * HOUR)

    def coverage(self, day, due):
        """The share of the slots that are due at this time of day which have a point."""
        expected = due // timedelta(milliseconds=STEPS[self.granularity])
        seen = {stamp // STEPS[self.granularity] for stamp, _ in self.of(day)}
        return min(1.0, len(seen) / expected) if expected else 1.0

    def covers(self, day, due):
        """Whether a candle of the day can be trusted; of the 5-minute series no hour and no edge may be missing."""
        if self.coverage(day, due) < 0.9:
            return False
        if self.granularity == HOURLY or due < EDGE:
            return True
        times = [timedelta(milliseconds=stamp) % timedelta(days=1) for stamp, _ in self.of(day)]
        hours = {time_of_day // timedelta(hours=1) for time_of_day in times}
        whole_hours = set(range(due // timedelta(hours=1)))
        return whole_hours <= hours and times[0] < EDGE and times[-1] >= due - EDGE

    def has_edges(self, day):
        """Whether a day that is over begins and ends with a point: in its first and last hour, or nearer if finer."""
        edge = timedelta(hours=1) if self.granularity == HOURLY else EDGE
        times = [timedelta(milliseconds=stamp) % timedelta(days=1) for stamp, _ in self.of(day)]
        return bool(times) and times[0] < edge and times[-1] >= timedelta(days=1) - edge


@dataclass
class Truth:
    """What can be known of both series, and the one that each day's candle is made of."""

    hourly: Series = field(default_factory=lambda: Series(HOURLY))
    fine: Series = field(default_factory=lambda: Series(FINE))
    opinions: dict[int, tuple[datetime, list[float]]] = field(default_factory=dict)
    """CoinGecko's own candles by their close, each with the newest answer's instant."""

    def ask(self, now):
        """The answers to a run at this instant."""
        for series, start in ((self.hourly, first_asked(HOURLY, now)), (self.fine, first_asked(FINE, now))):
            series.take(Market().market_chart("bitcoin", "usd", start, now, now), start, now)
        self.opinions |= {candle[0]: (now, candle) for candle in Market().ohlc("bitcoin", "usd", 14, now)}
        self.now = now

    def due(self, day):
        return self.now - midnight(day) if day == self.now.date() else timedelta(days=1)

    def chosen(self, day):
        """The finest series that covers the day, is settled and not doubted; else the finest that does most of it."""
        series = [each for each in (self.fine, self.hourly) if day in each.asked]
        covering = [each for each in series if each.covers(day, self.due(day))]
        settled = [each for each in covering if day in each.settled]
        undoubted = [each for each in settled if day == self.now.date() or not self.doubts(each, day)]
        filled = [each for each in reversed(series) if each.of(day)]
        return [*undoubted, *settled, *covering, *filled, self.hourly][0]

    def candles(self):
        return {day: self.candle(self.chosen(day), day) for day in self.hourly.asked}

    def candle(self, series, day):
        points, is_open = series.of(day), day == self.now.date()
        number, coverage = len(points), series.coverage(day, self.due(day))
        if is_open and (not points or series.live[0] > points[-1][0]):
            points = [*points, series.live]
        prices = [price for _, price in points]
        doubts = [] if is_open else self.doubts(series, day)
        is_final = day in series.settled and series.covers(day, self.due(day)) and not doubts
        return {
            "open": prices[0],
            "high": max(prices),
            "low": min(prices),
            "close": prices[-1],
            "volume_24h": prices[-1] * 1e5,
            "market_cap": prices[-1] * 2e7,
            "points": number,
            "coverage": coverage,
            "granularity": series.granularity,
            "status": "open" if is_open else "final" if is_final else "provisional",
            "doubts": doubts,
        }

    def doubts(self, series, day):
        """What speaks against the candle that a series makes of a day that is over, as sorted words."""
        raised = {"edge": not series.has_edges(day), "second_opinion_differs": self.judged(series, day) is False}
        for_hourly, for_fine = self.judged(self.hourly, day), self.judged(self.fine, day)
        is_decided = for_hourly if series is self.hourly else for_fine and for_hourly is False
        raised["series_differ"] = self.is_other_series_elsewhere(day) and not is_decided
        return sorted(word for word, is_so in raised.items() if is_so and day in series.settled)

    def is_other_series_elsewhere(self, day):
        """Whether an hourly point is 1 % away from all 5-minute points, two or more, within 10 minutes."""
        fine = self.fine.of(day)
        for stamp, price in self.hourly.of(day):
            near = [other for at, other in fine if abs(at - stamp) <= 2 * FIVE_MINUTES]
            if len(near) > 1 and not min(near) / 1.01 <= price <= max(near) * 1.01:
                return True
        return False

    def judged(self, series, day):
        """Whether six settled candles of CoinGecko's own are those of an hourly candle, or lie in a finer one's range.

        None: there are not so many, or there is no candle to judge. The finer ones of this market never go far beyond.
        """
        end = midnight(day) + timedelta(days=1)
        closes = [milliseconds(end) - number * 4 * HOUR for number in range(5, -1, -1)]
        known = [self.opinions[close] for close in closes if close in self.opinions]
        prices = [price for _, price in series.of(day)]
        if len(known) < 6 or max(at for at, _ in known) < end + timedelta(minutes=35) or not prices:
            return None
        candles = [candle for _, candle in known]
        high, low = max(candle[2] for candle in candles), min(candle[3] for candle in candles)
        if series.granularity == HOURLY:
            ours = (prices[0], max(prices), min(prices), prices[-1])
            theirs = (candles[0][1], high, low, candles[-1][4])
            return all(abs(one / other - 1) <= 1e-4 for one, other in zip(ours, theirs, strict=True))
        if not series.covers(day, timedelta(days=1)):
            return None
        return high <= 1.01 * max(prices) and 1.01 * low >= min(prices)


def first_asked(granularity, now):
    """From when on a run asks for a series."""
    return midnight(now.date() - timedelta(days=7)) if granularity == HOURLY else now - timedelta(days=1)
