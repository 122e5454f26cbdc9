"""Which days the data tests look at, in slices that fit into memory.

A test that reads `pipeline.days_under_test` runs once for each slice; each other test runs once. All days are under
test if not all of them have passed these tests yet; else those that the build has touched, and the newest week.
"""

from __future__ import annotations

from collections.abc import Iterator

from btc_pipeline.transform import tables
from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

TABLE = "source.btc_pipeline.pipeline.days_under_test"
"""dbt's unique id of the table: a test that needs it is run by slices."""

SLICE = 400
"""So many coin-days at a time: a day of years of daily runs has a thousand points in its answers."""

_NEWEST_DAYS = 7

_CANDLES = "(schema_name, table_name) = ('main', 'daily_candlestick')"

_BY_PAIR = f"from {tables.RAW_TABLE} group by coin_id, vs_currency"


def choose(connection: duckdb_files.Connection, version: str) -> int:
    """Choose the days for this version of the tests; returns how many slices there are, at least one.

    `version` is noted: when they have passed, `vouch` makes it that of all days.
    """
    connection.execute(f"delete from pipeline.tests_run; insert into pipeline.tests_run values ({quoted(version)})")
    vouched = connection.execute("select version from pipeline.tests_vouched").fetchall()
    days = [f"select coin_id, vs_currency, date from {tables.TOUCHED_DAYS}"]
    if vouched == [(version,)]:
        newest = f"(coin_id, vs_currency, window_to) in (select (coin_id, vs_currency, max(window_to)) {_BY_PAIR})"
        days.append(
            f"select coin_id, vs_currency, window_to::date - number::integer"
            f" from {tables.RAW_TABLE}, range({_NEWEST_DAYS + 1}) as ago(number) where {newest}"
        )
    else:
        days.append(f"select coin_id, vs_currency, {tables.DAY_OF_WINDOW} from {tables.RAW_TABLE}")
        if connection.execute(f"from duckdb_tables() where {_CANDLES}").fetchall():
            days.append("select coin_id, vs_currency, date from main.daily_candlestick")
    connection.execute(
        f"create or replace temp table chosen as select *,"
        f" (row_number() over (order by coin_id, vs_currency, date) - 1) // {SLICE} as slice"
        f" from ({' union '.join(days)}) as days (coin_id, vs_currency, date)"
    )
    ((count,),) = connection.execute("select coalesce(max(slice) + 1, 1) from chosen").fetchall()
    return int(count)


def forget(connection: duckdb_files.Connection) -> None:
    """Put all days under test the next time."""
    connection.execute("delete from pipeline.tests_vouched")


def each_slice(connection: duckdb_files.Connection, count: int) -> Iterator[int]:
    """Put the chosen days under test, one slice after the other; in the end all of them, for who looks at the rows."""
    for number in range(count):
        _put(connection, f"where slice = {number}")
        yield number
    _put(connection, "")


def _put(connection: duckdb_files.Connection, which: str) -> None:
    connection.execute(
        "begin; delete from pipeline.days_under_test;"
        f"insert into pipeline.days_under_test select coin_id, vs_currency, date from chosen {which}; commit"
    )
