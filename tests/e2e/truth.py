"""The truth about a day, computed in plain Python from all points that the day will ever have.

Imports nothing of the pipeline but the synthetic market's own list of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e.published import Row


class Ohlc(NamedTuple):
    """Prices of a candle, and how many points it is made of."""

    open: float
    high: float
    low: float
    close: float
    points: int

    @classmethod
    def of(cls, points: Sequence[tuple[int, float]]) -> Ohlc:
        """From (unix milliseconds, price)."""
        prices = [price for _, price in sorted(points)]
        return cls(prices[0], max(prices), min(prices), prices[-1], len(prices))

    @classmethod
    def of_row(cls, row: Row) -> Ohlc:
        """As published."""
        return cls(row["open"], row["high"], row["low"], row["close"], row["points"])


SERIES: dict[str, synthetic.Granularity] = {"hourly": "hourly", "5-minute": "5min"}
"""What a candle calls its granularity, and the synthetic market its series."""


def settled(coin_id: str, vs_currency: str, day: date, granularity: str) -> Ohlc:
    """The candle of a day of the synthetic market, of this series, when everything is known."""
    start = datetime.combine(day, time(), timezone.utc)
    end = start + timedelta(days=1) - timedelta(milliseconds=1)
    points = synthetic.settled_points(coin_id, vs_currency, SERIES[granularity], start, end)
    return Ohlc.of([(point.stamp, point.price) for point in points])


def has_edges(coin_id: str, vs_currency: str, day: date, granularity: str) -> bool:
    """Whether the synthetic market has a point in the day's first and last hour, or quarter of an hour."""
    edge = timedelta(hours=1) if granularity == "hourly" else timedelta(minutes=15)
    start = datetime.combine(day, time(), timezone.utc)
    end = start + timedelta(days=1) - timedelta(milliseconds=1)
    points = synthetic.settled_points(coin_id, vs_currency, SERIES[granularity], start, end)
    stamps = [datetime.fromtimestamp(point.stamp / 1000, timezone.utc) for point in points]
    return stamps[0] < start + edge and stamps[-1] >= start + timedelta(days=1) - edge


def is_final(row: Row) -> bool:
    """Whether a candle is final, or is doubted for its edges alone, which the market itself has not."""
    if row["status"] == "provisional" and row["doubts"] == ["edge"]:
        return not has_edges(row["coin_id"], row["vs_currency"], row["date"], row["granularity"])
    return bool(row["status"] == "final")


def wrong_candles(candles: Sequence[Row]) -> list[str]:
    """The candles that say that they are final and are not what the series that they name makes of their day."""
    return [
        f"{row['coin_id']} {row['date']} {row['granularity']}: {Ohlc.of_row(row)} instead of {truth}"
        for row in candles
        if row["status"] == "final"
        and Ohlc.of_row(row) != (truth := settled(row["coin_id"], row["vs_currency"], row["date"], row["granularity"]))
    ]
