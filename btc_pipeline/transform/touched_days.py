"""Which days the next build makes anew, because answers were loaded, removed, or are no longer trusted.

A day stays touched until the tests have passed: a build that is repeated makes it anew once more.

Knows nothing of dbt's models. Reads no archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from btc_pipeline.transform import tables
from btc_pipeline.transform.failing_rows import Place
from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

DISTRUSTED = "distrusted"
"""What a database notes in place of its version, if the next load is to build it anew from the archive."""

_DAY = "coin_id, vs_currency, date"


def touch(connection: duckdb_files.Connection, archive_files: Sequence[str]) -> None:
    """Note the days that these answers have points of, or were requested for: the next build makes them anew."""
    touch_loaded(connection, _numbers_of(connection, archive_files))


def touch_loaded(connection: duckdb_files.Connection, load_numbers: Sequence[int]) -> None:
    """As `touch`, of answers by their load numbers: so DuckDB reads their prices alone; by file, those of all."""
    if load_numbers:
        of_answers = f"load_number in ({', '.join(map(str, load_numbers))})"
        _touch_days(
            connection,
            f"select distinct {_DAY} from ({_days_of(of_answers)})"
            f" union select coin_id, vs_currency, {tables.DAY_OF_WINDOW} from {tables.RAW_TABLE} where {of_answers}",
        )


def forget(connection: duckdb_files.Connection, archive_files: Sequence[str]) -> None:
    """Remove answers. The next build gives the rows that it would give if they had never been loaded."""
    if archive_files:
        touch(connection, archive_files)
        for table in (tables.RAW_TABLE, tables.OHLC_TABLE):
            _remove(connection, table, f"archive_file in ({_listed(archive_files)})")


def vouch(database: Path) -> None:
    """The tests have passed: no day is touched any more, and all have passed these tests."""
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(
            f"begin; delete from {tables.TOUCHED_DAYS}; delete from {tables.DAYS_MADE};"
            " delete from pipeline.removed_answers;"
            " delete from pipeline.tests_vouched;"
            " insert into pipeline.tests_vouched from pipeline.tests_run; commit"
        )


def distrust(database: Path, places: Sequence[Place] | None) -> None:
    """Remove all marker rows, and note these days for `mend`. All else stays, so that one can look at the rows.

    If the places are not known (None), the next load builds the database anew. So it does if it has mended one of
    these days right before the failed build: then its answers do not explain the failure. No places: no answer is at
    fault.
    """
    with duckdb_files.opened(database, read_only=False) as connection:
        tables.create(connection)
        connection.execute(f"delete from {tables.MARKERS}")
        if places == []:
            return
        if places is None or _are_mended(connection, places):
            connection.execute(f"update pipeline.built_from set version = {quoted(DISTRUSTED)}")
        else:
            connection.execute(f"insert into pipeline.distrusted_days select *, false from ({_values(places)})")


def mend(connection: duckdb_files.Connection) -> list[str]:
    """Remove the answers that have points of a distrusted day, so that they are taken from the archive again.

    Call it in the transaction that begins to load them. Returns a line if there was such a day.
    """
    connection.execute("delete from pipeline.distrusted_days where is_mended")
    wanted = f"select distinct {_DAY} from pipeline.distrusted_days"
    if not connection.execute(wanted).fetchall():
        return []
    _touch_days(connection, wanted)
    pair = "(coin_id, vs_currency) in (select (coin_id, vs_currency) from pipeline.distrusted_days)"
    files = f"select distinct archive_file from ({_days_of(pair)}) semi join ({wanted}) using ({_DAY}) order by all"
    forget(connection, [file for (file,) in connection.execute(files).fetchall()])
    _remove(connection, tables.OHLC_TABLE, pair)
    connection.execute("update pipeline.distrusted_days set is_mended = true")
    return ["loaded anew from the archive: the answers of the days whose tests had failed"]


def _touch_days(connection: duckdb_files.Connection, days: str) -> None:
    """Note the days that the query gives: their points are to be made, also if they were made in this build."""
    connection.execute(
        f"create or replace temp table newly_touched as {days}; insert into {tables.TOUCHED_DAYS} from newly_touched;"
        f"delete from {tables.DAYS_MADE} where ({_DAY}) in (select ({_DAY}) from newly_touched)"
    )


def _remove(connection: duckdb_files.Connection, table: str, condition: str) -> None:
    """Remove the answers of a table for which the condition holds, and note that they were there."""
    connection.execute(
        f"insert into pipeline.removed_answers select load_number, coin_id, vs_currency from {table} where {condition};"
        f"delete from {table} where {condition}"
    )


def _are_mended(connection: duckdb_files.Connection, places: Sequence[Place]) -> bool:
    again = f"from pipeline.distrusted_days semi join ({_values(places)}) using ({_DAY}) where is_mended"
    return bool(connection.execute(again).fetchall())


def _numbers_of(connection: duckdb_files.Connection, archive_files: Sequence[str]) -> list[int]:
    if not archive_files:
        return []
    found = f"select load_number from {tables.RAW_TABLE} where archive_file in ({_listed(archive_files)}) order by all"
    return [number for (number,) in connection.execute(found).fetchall()]


def _days_of(answers: str) -> str:
    """A query: one row for each point of the answers for which the condition holds."""
    return f"""
        select archive_file, coin_id, vs_currency, epoch_ms(pair[1]::bigint)::date as date
        from (
            select archive_file, coin_id, vs_currency, unnest(prices) as pair
            from {tables.RAW_TABLE}
            where {answers}
        )
    """


def _values(places: Sequence[Place]) -> str:
    rows = (f"({_listed((each['coin_id'], each['vs_currency'], each['date']))})" for each in places)
    return f"select coin_id, vs_currency, date::date as date from (values {', '.join(rows)}) as rows ({_DAY})"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(map(quoted, texts))
