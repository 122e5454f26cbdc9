"""A long history in slices: the stored points of some days at a time, so that memory is bounded.

A night touches few days, and their points are made in one go. A database that is built anew touches all of them. Then
the models of the points run once for each slice of days, the oldest first; the models of the candles, which have one
row for each day, run once, at the end. Days are noted when their points are made: after a kill the next build goes on
with the others. Imports nothing of dbt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from btc_pipeline.transform import layers, tables
from btc_pipeline.warehouse import duckdb_files

POINTS = 1_000_000
"""So many points of answers are in a slice, or those of one day if it has more."""

FEW_DAYS = 2_000
"""So many coin-days are made in one go: a night of 200 coins."""

_LEFT = (
    f"(select distinct * from {tables.TOUCHED_DAYS} anti join {tables.DAYS_MADE} using (coin_id, vs_currency, date))"
)


def build(database: Path, run: Callable[[Sequence[str]], bool], progress: Callable[[int, int, str], None]) -> None:
    """Make the points of the touched days in slices, if they are many; else leave all to the build that follows.

    `run` runs a selection of dbt's models, closes its connection, and says whether all went well. If not, the slices
    end: the build that follows runs the model once more, and says what is wrong. `progress` is called with the
    coin-days that are made, their number, and the last day.
    """
    days = _days_left(database)
    if days <= FEW_DAYS:
        return
    while _choose_answers(database):
        if not run(layers.POINTS_OF_ANSWERS):
            _leave_answers(database)
            return
    while last := _choose_days(database):
        is_good = run(layers.ALL_OF_POINTS)
        _end(database, is_good=is_good)
        progress(days - _days_left(database), days, f"points up to {last}")
        if not is_good:
            return


def _choose_answers(database: Path) -> bool:
    """Choose up to which load number answers are unpacked next; false, and no limit, if it is all of them."""
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(
            f"""
            create or replace temp table next_answers as
            with
                summed as (
                    select load_number, points, sum(points) over (order by load_number) as up_to
                    from {tables.RAW_TABLE}
                    where load_number > (select coalesce(max(last_number), 0) from {tables.SLICE_OF_ANSWERS})
                )
            select max(load_number) as last_number from summed where up_to - points < {POINTS}
            """
        )
        connection.execute(
            f"begin; delete from {tables.SLICE_OF_ANSWERS};"
            f"insert into {tables.SLICE_OF_ANSWERS} from next_answers where last_number is not null; commit"
        )
        return bool(connection.execute(f"from {tables.SLICE_OF_ANSWERS}").fetchall())


def _leave_answers(database: Path) -> None:
    """Set no limit: the build that follows unpacks all answers that are left."""
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(f"delete from {tables.SLICE_OF_ANSWERS}")


def _days_left(database: Path) -> int:
    with duckdb_files.opened(database, read_only=True) as connection:
        ((days,),) = connection.execute(f"select count(*) from {_LEFT}").fetchall()
        return int(days)


def _choose_days(database: Path) -> str:
    """Choose the days of the next slice, and return the last one; empty if none is left.

    A slice has whole days of all coins, which are compared with each other.
    """
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(
            f"""
            insert into {tables.SLICE}
            with
                -- An answer has about as many points on each of its days
                parts as (
                    select
                        coin_id, vs_currency, {tables.DAY_OF_WINDOW} as date,
                        points / (window_to::date - window_from::date + 1) as points
                    from {tables.RAW_TABLE}
                ),
                days as (
                    select date, coalesce(sum(points), 0) as points
                    from {_LEFT} left join parts using (coin_id, vs_currency, date)
                    group by date
                ),
                summed as (select date, points, sum(points) over (order by date) as up_to from days)
            select coin_id, vs_currency, date
            from {_LEFT} semi join (from summed where up_to - points < {POINTS}) using (date)
            """
        )
        ((last,),) = connection.execute(f"select max(date) from {tables.SLICE}").fetchall()
        return str(last or "")


def _end(database: Path, *, is_good: bool) -> None:
    """The slice is over; if all went well, its days are made."""
    with duckdb_files.opened(database, read_only=False) as connection:
        made = f"insert into {tables.DAYS_MADE} from {tables.SLICE};" if is_good else ""
        connection.execute(f"begin; {made} delete from {tables.SLICE}; commit")
