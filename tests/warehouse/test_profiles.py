"""The profile of the published tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from btc_pipeline.warehouse import contract, profiles

FIRST, LAST = date(2026, 5, 8), date(2026, 5, 9)


@pytest.fixture
def published() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables with a row for each of 400 days; the prices of the two days are 30 and 40, all others 1."""
    with duckdb.connect() as connection:
        for table, day in contract.DAY_OF.items():
            kind = "timestamp" if day == "gap_from" else "date"
            connection.execute(
                f"create table {table} as select (date '2026-05-20' - n::integer)::{kind}"
                f" {'+ interval 23 hour' if kind == 'timestamp' else ''} as {day},"
                " case n when 12 then 30.0 when 11 then 40.0 else 1.0 end as price from range(400) as days (n)"
            )
        yield connection


def test_the_columns_are_those_of_the_days_of_the_run_and_rows_and_hash_of_all(
    published: duckdb.DuckDBPyConnection,
) -> None:
    found = profiles.of(published, FIRST, LAST)
    assert set(found) == set(contract.TABLES)
    for table in found.values():
        price = table["columns"]["price"]
        assert (table["rows"], price["count"]) == (400, 2)
        assert (float(price["min"]), float(price["max"]), float(price["avg"])) == (30, 40, 35)


def test_a_change_of_a_day_long_ago_changes_the_hash_alone(published: duckdb.DuckDBPyConnection) -> None:
    before = profiles.of(published, FIRST, LAST)["price_gaps"]
    published.execute("update price_gaps set price = 2 where gap_from < '2025-06-01'")
    after = profiles.of(published, FIRST, LAST)["price_gaps"]
    assert after["content_hash"] != before["content_hash"]
    assert after["columns"] == before["columns"]


def test_days_without_a_row_have_an_empty_profile(published: duckdb.DuckDBPyConnection) -> None:
    price = profiles.of(published, date(2027, 1, 1), date(2027, 1, 2))["daily_candlestick"]["columns"]["price"]
    assert (price["count"], price["min"]) == (0, None)
