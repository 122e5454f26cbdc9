"""Which days the next build makes anew, because answers were loaded, removed, or are no longer trusted.

Knows nothing of dbt's models. Reads no archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from btc_pipeline.transform import tables
from btc_pipeline.transform.failing_rows import Place
from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

_DAY = "coin_id, vs_currency, date"

# One row for each point of each answer
_DAYS = f"""
    select archive_file, coin_id, vs_currency, epoch_ms(pair[1]::bigint)::date as date
    from (
        select archive_file, coin_id, vs_currency, unnest(json_transform_strict(prices, '[["DOUBLE"]]')) as pair
        from {tables.RAW_TABLE}
    )
"""


def forget(connection: duckdb_files.Connection, archive_files: Sequence[str]) -> None:
    """Remove answers. The next build gives the rows that it would give if they had never been loaded."""
    if not archive_files:
        return
    connection.execute("begin")
    touch(connection, archive_files)
    for table in (tables.RAW_TABLE, tables.OHLC_TABLE):
        connection.execute(f"delete from {table} where archive_file in ({_listed(archive_files)})")
    connection.execute("commit")


def distrust(database: Path, places: Sequence[Place] | None) -> None:
    """Remove all marker rows, and make the next load take the answers of these days from the archive again.

    If the places are not known (None), it takes all answers again. So it does if the failed build was already made of
    answers that were taken again: then they do not explain the failure. No places: no answer is at fault.
    """
    with duckdb_files.opened(database, read_only=False) as connection:
        tables.create(connection)
        connection.execute(f"delete from {tables.MARKERS}")
        is_mended = connection.execute("select state from pipeline.mending").fetchall() == [("mended",)]
        if places == []:
            return
        if places is None or is_mended:
            connection.execute("update pipeline.built_from set version = 'distrusted'")
            return
        values = ", ".join(
            f"({quoted(place['coin_id'])}, {quoted(place['vs_currency'])}, date {quoted(place['date'])})"
            for place in places
        )
        connection.execute(f"insert into pipeline.touched_days values {values}")
        forget(connection, _with_points_of_touched_days(connection))
        connection.execute("delete from pipeline.mending; insert into pipeline.mending values ('wanted')")


def mend(connection: duckdb_files.Connection) -> list[str]:
    """Note that this build is made of answers that are taken again; returns a line that says so."""
    connection.execute("delete from pipeline.mending where state = 'mended'")
    wanted = connection.execute("update pipeline.mending set state = 'mended' returning state").fetchall()
    return ["loaded anew from the archive: the answers of the days whose tests had failed"] if wanted else []


def touch(connection: duckdb_files.Connection, archive_files: Sequence[str]) -> None:
    """Note the days that these answers have points of: the next build makes them anew."""
    if archive_files:
        connection.execute(
            f"insert into pipeline.touched_days select distinct coin_id, vs_currency, date from ({_DAYS})"
            f" where archive_file in ({_listed(archive_files)})"
        )


def _with_points_of_touched_days(connection: duckdb_files.Connection) -> list[str]:
    query = f"select distinct archive_file from ({_DAYS}) semi join pipeline.touched_days using ({_DAY}) order by all"
    return [file for (file,) in connection.execute(query).fetchall()]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
