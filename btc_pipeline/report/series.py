"""The candles of one coin in one currency, packed for the page: columns, rounded to what a page shows, compressed.

Pure. A hundred coins with five years of candles have to fit into ten megabytes; the browser unpacks the coin that is
looked at.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from btc_pipeline import chart_text
from btc_pipeline.report.facts import Facts

Row = Mapping[str, Any]

_PRICE_DIGITS, _VOLUME_DIGITS = 10, 6
"""Significant digits; the JSON beside the page has them all."""

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Series:
    """The candles of a pair in order of their days, each as a row of `daily_candlestick`, and what was said of them."""

    coin_id: str
    vs_currency: str
    candles: Sequence[Row]
    second_opinions: Mapping[date, float | None]
    """How far the second opinion is from the candle of a day, in basis points; None where there is none."""

    @property
    def name(self) -> str:
        """`Bitcoin / USD`."""
        return f"{chart_text.coin_name(self.coin_id)} / {self.vs_currency.upper()}"

    @property
    def exponent(self) -> int:
        """The power of ten that its prices are written with."""
        return chart_text.price_exponent(max(row["high"] for row in self.candles))

    @property
    def decimals(self) -> int:
        """How many decimals its prices are written with, in units of the exponent."""
        step = chart_text.price_step(max(row["high"] for row in self.candles))
        return chart_text.decimals(step / 10.0**self.exponent)

    def price(self, value: float) -> str:
        """A price in the precision of the series."""
        step = chart_text.price_step(max(row["high"] for row in self.candles))
        return chart_text.price_text(value, step, self.exponent)

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
        columns["coverage"] = [int(1000 * row["coverage"]) for row in self.candles]  # rounded down: 99.9 % is not 100
        columns["status"] = "".join(row["status"][0] for row in self.candles)
        columns["granularity"] = "".join(row["granularity"][0] for row in self.candles)
        columns["opinion"] = [_rounded(self.second_opinions.get(row["date"]), 3) for row in self.candles]
        text = json.dumps(columns, separators=(",", ":"))
        return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def of(facts: Facts) -> list[Series]:
    """The series of each pair that has a candle, in order of coin and currency."""
    opinions: dict[tuple[str, str], dict[date, float | None]] = {}
    for row in facts.tables["second_opinions"].records():
        opinions.setdefault((row["coin_id"], row["vs_currency"]), {})[row["date"]] = row["largest_bps"]
    return [
        Series(*pair, candles, opinions.get(pair, {}))
        for pair, candles in _by_pair(facts.tables["daily_candlestick"].records())
    ]


def _by_pair(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], list[Row]]]:
    for pair, group in itertools.groupby(rows, key=lambda row: (row["coin_id"], row["vs_currency"])):
        yield pair, list(group)


def _rounded(value: float | None, digits: int) -> float | int | None:
    if value is None:
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded
