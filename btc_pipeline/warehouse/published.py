"""Reading the published candles, as any reader would: read-only, and closed at once.

Knows the published contract and nothing of how it came about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timezone
from pathlib import Path

from btc_pipeline.market.candle import Candle
from btc_pipeline.warehouse import duckdb_files


def published(database: Path, coin_id: str, vs_currency: str, first: date, last: date) -> list[Candle]:
    """The candles of one coin from `first` to `last`, both included, in order of date.

    `coin_id` and `vs_currency` are validated settings.
    """
    with duckdb_files.opened(database, read_only=True) as connection:
        rows = connection.execute(
            "select coin_id, vs_currency, date, open, high, low, close, volume_24h, status, coverage, points,"
            " last_point_at from main.daily_candlestick"
            f" where coin_id = {duckdb_files.quoted(coin_id)} and vs_currency = {duckdb_files.quoted(vs_currency)}"
            f" and date between '{first}' and '{last}' order by date"
        ).fetchall()
    candles = [Candle(*row) for row in rows]
    return [replace(each, last_point_at=each.last_point_at.replace(tzinfo=timezone.utc)) for each in candles]


def publication(database: Path) -> dict[str, str]:
    """The facts about the published version: `source`, `as_of`, `run_date`, `published_at`, …"""
    with duckdb_files.opened(database, read_only=True) as connection:
        return dict(connection.execute("select key, value from main.publication").fetchall())
