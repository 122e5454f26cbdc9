"""Where a failed test found something wrong: the coins and days of its rows.

Imports nothing of dbt.
"""

from __future__ import annotations

from typing import TypedDict

from btc_pipeline.warehouse import duckdb_files

LIMIT = 1000
"""A failure of more places than this says nothing about single days."""

DAYS = ("date", "observed_at", "slot_from", "gap_from", "first_point_at")
"""The columns that say of which UTC day a row is; the first one that a test's rows have counts."""


class Place(TypedDict):
    """A coin in a currency on a UTC day, `YYYY-MM-DD`."""

    coin_id: str
    vs_currency: str
    date: str


def places(connection: duckdb_files.Connection, test: str) -> list[Place] | None:
    """The places of the rows that a test's SQL finds, in order; None if the rows do not say or are too many."""
    columns = {name for name, *_ in connection.execute(f"describe {test}").fetchall()}
    day = next((name for name in DAYS if name in columns), None)
    if day is None or not columns >= {"coin_id", "vs_currency"}:
        return None
    found = connection.execute(
        f"select distinct coin_id, vs_currency, {day}::date::varchar from ({test}\n) order by all limit {LIMIT + 1}"
    ).fetchall()
    if len(found) > LIMIT or any(value is None for row in found for value in row):
        return None
    return [Place(coin_id=coin_id, vs_currency=vs_currency, date=date) for coin_id, vs_currency, date in found]
