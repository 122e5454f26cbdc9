"""The candles of one coin in one currency, and how the page says their prices.

Pure. A hundred coins with five years of candles have to fit into ten megabytes, so they are compressed; the browser
unpacks the coin that is looked at.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from btc_pipeline.market import formatting
from btc_pipeline.visualize.report.facts import Facts
from btc_pipeline.visualize.report.history import PairHistory

DayRow = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """The candles of a pair: those of the run's window as rows of `daily_candlestick`, and all up to its last day."""

    coin_id: str
    vs_currency: str
    first_day: date
    """The first day of the run's window."""
    window: Sequence[DayRow]
    """The candles of the run's window, perhaps none."""
    history: PairHistory
    """The candles up to the last day of the window, at least one."""
    second_opinions: Mapping[date, float | None]
    """How far the second opinion is from the candle of a day of the window, in basis points; None if there is none."""

    @property
    def name(self) -> str:
        """`Bitcoin / USD`."""
        return f"{formatting.coin_name(self.coin_id)} / {self.vs_currency.upper()}"

    @property
    def last(self) -> DayRow:
        """The newest candle."""
        return self.history.last

    @property
    def change(self) -> float:
        """The relative change over the window, from its first open to its last close; 0 if it has no candle."""
        return float(self.window[-1]["close"] / self.window[0]["open"] - 1) if self.window else 0.0

    @property
    def exponent(self) -> int:
        """The power of ten that its prices are written with."""
        return formatting.price_exponent(self.history.high)

    @property
    def decimals(self) -> int:
        """How many decimals its prices are written with, in units of the exponent."""
        step = formatting.price_step(self.history.high)
        return formatting.decimals(step / 10.0**self.exponent)

    def price(self, value: float) -> str:
        """A price in the precision of the series."""
        step = formatting.price_step(self.history.high)
        return formatting.price_text(value, step, self.exponent)

    def about(self) -> dict[str, Any]:
        """What the page has to know before it unpacks the candles."""
        return {
            "coin": self.coin_id,
            "currency": self.vs_currency.upper(),
            "name": self.name,
            "exponent": self.exponent,
            "decimals": self.decimals,
            "first": self.history.first_day.isoformat(),
            "candles": self.history.days,
        }

    def packed(self) -> str:
        """The candles as columns: JSON, gzip, base64. The same candles give the same text."""
        return base64.b64encode(gzip.compress(self.history.columns.encode(), 6, mtime=0)).decode()


def of(facts: Facts) -> list[Series]:
    """The series of each pair that the run had to request and that has a candle, in that order."""
    opinions: dict[tuple[str, str], dict[date, float | None]] = {}
    for row in facts.tables["second_opinions"].records:
        opinions.setdefault((row["coin_id"], row["vs_currency"]), {})[row["date"]] = row["largest_bps"]
    windows: dict[tuple[str, str], list[DayRow]] = {}
    for row in facts.tables["daily_candlestick"].records:
        windows.setdefault((row["coin_id"], row["vs_currency"]), []).append(row)
    return [
        Series(*pair, facts.first_day, windows.get(pair, []), facts.histories[pair], opinions.get(pair, {}))
        for pair in facts.requested_pairs
        if pair in facts.histories
    ]
