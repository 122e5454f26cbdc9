"""The candles of each pair up to the run's last day, as the columns that the page draws.

DuckDB rounds and joins them: a hundred coins with five years of candles are made of 1.3 million numbers. Older candles
stay in the published database, so that a report of a night does not grow for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from btc_pipeline.warehouse import duckdb_files

MOST_DAYS = 1826
"""So many candles of a pair are on the page: five years."""

_PRICE_DIGITS, _VOLUME_DIGITS, _OPINION_DIGITS = 10, 6, 3
"""Significant digits; the published database has them all."""


@dataclass(frozen=True)
class PairHistory:
    """The newest candles of a pair: how many there are, what is the most of them, and their columns as JSON.

    A day of the columns is counted from the first one; a day without a candle is left out. `last` is the row of the
    newest candle. `older` candles are not among them. Instants are naive and UTC, as DuckDB has them.
    """

    first_day: date
    days: int
    older: int
    high: float
    extracted_at: datetime
    last: dict[str, Any]
    columns: str


def read(connection: duckdb_files.Connection, last_day: date) -> dict[tuple[str, str], PairHistory]:
    """The history of each pair that has a candle up to this UTC day."""
    found = connection.execute(_QUERY, {"last_day": last_day}).fetchall()
    return {(coin, currency): PairHistory(*rest) for coin, currency, *rest in found}


def _number(value: str, digits: int) -> str:
    """A number as JSON with so many significant digits; null if it is unknown, or no finite number."""
    return f"if(isfinite({value}), printf('%.{digits}g', {value}), null)"


_COLUMNS = {
    "day": "date - first_day",
    **{name: _number(name, _PRICE_DIGITS) for name in ("open", "high", "low", "close")},
    "volume": _number("volume_24h", _VOLUME_DIGITS),
    "points": "points",
    "expected": "expected_points",
    "coverage": "if(isfinite(coverage), printf('%.0f', floor(1000 * coverage + 1e-9)), null)",  # 99.9 % is not 100
    "opinion": _number("largest_bps", _OPINION_DIGITS),
}
_LETTERS = {"status": "status", "granularity": "granularity"}
"""Of these the first letter says all."""

_JSON = " || ',' || ".join(
    [
        *(
            f"""'"{name}":[' || string_agg(coalesce(({value})::varchar, 'null'), ',' order by date) || ']'"""
            for name, value in _COLUMNS.items()
        ),
        *(f"""'"{name}":"' || string_agg({value}[1], '' order by date) || '"'""" for name, value in _LETTERS.items()),
    ]
)

_QUERY = f"""
    with

        numbered as (
            select
                candles.*,
                opinions.largest_bps,
                row_number() over newest_first as number,
                count(*) over (partition by candles.coin_id, candles.vs_currency) as candles,
            from main.daily_candlestick as candles
            left join main.second_opinions as opinions using (coin_id, vs_currency, date)
            where date <= $last_day
            window newest_first as (partition by candles.coin_id, candles.vs_currency order by date desc)
        ),

        newest as (
            select *, min(date) over (partition by coin_id, vs_currency) as first_day,
            from numbered
            where number <= {MOST_DAYS}
        )

    select
        coin_id,
        vs_currency,
        any_value(first_day) as first_day,
        count(*) as days,
        any_value(candles) - count(*) as older,
        max(high) as high,
        max(extracted_at) as extracted_at,
        any_value(newest) filter (number = 1) as last,
        '{{' || {_JSON} || '}}' as columns
    from newest
    group by coin_id, vs_currency
"""
