"""A profile of the published tables, kept with each run, so that versions can be compared.

How many rows there are, and their hash, are those of the whole history. What the columns hold is said of the run's days
alone: a bad night would not be seen in the mean of ten years, and a night would cost more with each year. Given an open
connection; opens nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from btc_pipeline.warehouse import contract, duckdb_files, marker_rows
from btc_pipeline.warehouse.duckdb_files import quoted

_COLUMNS = (
    *("column_name", "column_type", "count", "null_percentage::double", "approx_unique"),
    *("min", "q25", "q50", "q75", "max", "avg", "std"),
)
_NAMES = tuple(column.partition("::")[0] for column in _COLUMNS)


def of(connection: duckdb_files.Connection, first_day: date, last_day: date) -> dict[str, Any]:
    """Each table's rows and content hash, and the columns of the rows about these UTC days, both included.

    Of a column: type, rows, nulls in percent, distinct values (approximately). Also, as text, least, quartiles,
    greatest, mean and standard deviation, if the type has them.
    """
    days = f"between {quoted(first_day.isoformat())} and {quoted(last_day.isoformat())}"
    return {table: _of_table(connection, table, f"{day}::date {days}") for table, day in contract.DAY_OF.items()}


def _of_table(connection: duckdb_files.Connection, table: str, condition: str) -> dict[str, Any]:
    ((rows, content_hash),) = connection.execute(f"select {marker_rows.content(table)}").fetchall()
    of_days = f"summarize select * from {table} where {condition}"
    columns = connection.execute(f"select {', '.join(_COLUMNS)} from ({of_days})").fetchall()
    return {
        "rows": rows,
        "content_hash": content_hash,
        "columns": {name: dict(zip(_NAMES[1:], rest, strict=True)) for name, *rest in columns},
    }
