"""The candles of one coin in one currency, packed for the page: columns, rounded to what a page shows, compressed.

Pure. A hundred coins with five years of candles have to fit into ten megabytes; the browser unpacks the coin that is
looked at.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from btc_pipeline.market import formatting
from btc_pipeline.visualize.report.facts import Facts

DayRow = Mapping[str, Any]

_PRICE_DIGITS, _VOLUME_DIGITS = 10, 6
"""Significant digits; the JSON beside the page has them all."""

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Series:
    """The candles of a pair by day, each a row of `daily_candlestick`, and the second opinions on them."""

    coin_id: str
    vs_currency: str
    first_day: date
    """The first day of the run's window."""
    candles: Sequence[DayRow]
    """Up to the last day of the window, at least one."""
    second_opinions: Mapping[date, float | None]
    """How far the second opinion is from the candle of a day, in basis points; None if there is none."""

    @property
    def name(self) -> str:
        """`Bitcoin / USD`."""
        return f"{formatting.coin_name(self.coin_id)} / {self.vs_currency.upper()}"

    @cached_property
    def window(self) -> list[DayRow]:
        """The candles of the run's window."""
        return [row for row in self.candles if row["date"] >= self.first_day]

    @property
    def change(self) -> float:
        """The relative change over the window, from its first open to its last close; 0 if it has no candle."""
        return float(self.window[-1]["close"] / self.window[0]["open"] - 1) if self.window else 0.0

    @property
    def exponent(self) -> int:
        """The power of ten that its prices are written with."""
        return formatting.price_exponent(max(row["high"] for row in self.candles))

    @property
    def decimals(self) -> int:
        """How many decimals its prices are written with, in units of the exponent."""
        step = formatting.price_step(max(row["high"] for row in self.candles))
        return formatting.decimals(step / 10.0**self.exponent)

    def price(self, value: float) -> str:
        """A price in the precision of the series."""
        step = formatting.price_step(max(row["high"] for row in self.candles))
        return formatting.price_text(value, step, self.exponent)

    def about(self) -> dict[str, Any]:
        """What the page has to know before it unpacks the candles."""
        return {
            "coin": self.coin_id,
            "currency": self.vs_currency.upper(),
            "name": self.name,
            "exponent": self.exponent,
            "decimals": self.decimals,
            "first": self.candles[0]["date"].isoformat(),
            "candles": len(self.candles),
        }

    def packed(self) -> str:
        """The candles as columns: JSON, gzip, base64. The same candles give the same text."""
        first = self.candles[0]["date"]
        columns: dict[str, Any] = {"day": [(row["date"] - first).days for row in self.candles]}
        columns |= {name: [_rounded(row[name], _PRICE_DIGITS) for row in self.candles] for name in _PRICES}
        columns["volume"] = [_rounded(row["volume_24h"], _VOLUME_DIGITS) for row in self.candles]
        columns["points"] = [row["points"] for row in self.candles]
        columns["expected"] = [row["expected_points"] for row in self.candles]
        columns["coverage"] = [
            int(1000 * row["coverage"] + 1e-9) for row in self.candles
        ]  # rounded down: 99.9 % is not 100
        columns["status"] = "".join(row["status"][0] for row in self.candles)
        columns["granularity"] = "".join(row["granularity"][0] for row in self.candles)
        columns["opinion"] = [_rounded(self.second_opinions.get(row["date"]), 3) for row in self.candles]
        text = json.dumps(columns, separators=(",", ":"))
        return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def of(facts: Facts) -> list[Series]:
    """The series of each pair that the run had to request and that has a candle, in that order."""
    opinions: dict[tuple[str, str], dict[date, float | None]] = {}
    for row in facts.tables["second_opinions"].records:
        opinions.setdefault((row["coin_id"], row["vs_currency"]), {})[row["date"]] = row["largest_bps"]
    candles: dict[tuple[str, str], list[DayRow]] = {}
    for row in facts.tables["daily_candlestick"].records:
        if row["date"] <= facts.last_day:  # of a run for past days, which has published later days with it
            candles.setdefault((row["coin_id"], row["vs_currency"]), []).append(row)
    return [
        Series(*pair, facts.first_day, candles[pair], opinions.get(pair, {}))
        for pair in facts.requested_pairs
        if pair in candles
    ]


def _rounded(value: float | None, digits: int) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded
