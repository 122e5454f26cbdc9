"""Whole UTC days: a span of them, the window of a run, and when a day is settled.

Pure: reads no clock. Imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

DAY = timedelta(days=1)

SETTLED_AFTER = timedelta(minutes=35)
"""CoinGecko settles a UTC day at 00:35 of the next one (its documentation of `market_chart`)."""


@dataclass(frozen=True)
class Span:
    """Whole UTC days, both included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Each day."""
        return [self.first + number * DAY for number in range((self.last - self.first).days + 1)]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Window:
    """Whole UTC days: from 00:00 of `day - days` to the last second of `day`, or now, whichever is earlier."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date, days: int, now: datetime) -> Window:
        """The window of a run."""
        start = datetime.combine(day - timedelta(days=days), time(), timezone.utc)
        last_second = datetime.combine(day, time(23, 59, 59), timezone.utc)
        return cls(start, min(last_second, now.replace(microsecond=0)))


def last_settled(now: datetime) -> date:
    """The newest day that CoinGecko has settled: from 00:35 UTC on it is yesterday."""
    return (now - DAY - SETTLED_AFTER).date()
