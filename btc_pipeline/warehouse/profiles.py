"""A profile of the published tables, kept with each run, so that versions can be compared.

Given an open connection; opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from btc_pipeline.warehouse import duckdb_files, marker_rows

_COLUMNS = (
    *("column_name", "column_type", "count", "null_percentage::double", "approx_unique"),
    *("min", "q25", "q50", "q75", "max", "avg", "std"),
)
_NAMES = tuple(column.partition("::")[0] for column in _COLUMNS)


def of(connection: duckdb_files.Connection, tables: Iterable[str]) -> dict[str, Any]:
    """Each table's rows, content hash and columns: type, count, nulls in percent, distinct values (approximately).
    Also, as text, least, quartiles, greatest, mean and standard deviation, if the type has them.
    """
    return {table: _of_table(connection, table) for table in tables}


def _of_table(connection: duckdb_files.Connection, table: str) -> dict[str, Any]:
    ((rows, content_hash),) = connection.execute(f"select {marker_rows.content(table)}").fetchall()
    columns = connection.execute(f"select {', '.join(_COLUMNS)} from (summarize {table})").fetchall()
    return {
        "rows": rows,
        "content_hash": content_hash,
        "columns": {name: dict(zip(_NAMES[1:], rest, strict=True)) for name, *rest in columns},
    }
