"""Loads files of JSON lines into tables: `revisions/` and `failures/`, which outlive both databases.

Opens no connection; is given one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted


def load(
    connection: duckdb_files.Connection, table: str, columns: Mapping[str, str], folder: Path, provenance: str
) -> list[str]:
    """Fill a table anew with the rows of one provenance from the folder's files.

    Args:
        connection: outside of a transaction, which a damaged file would undo.
        table: `schema.table`, created anew.
        columns: the type of each; `source` is the provenance.
        folder: the folder of the files; it may be missing.
        provenance: the source of the rows to load.

    Returns:
        A line for each damaged file. No row of such a file is loaded.
    """
    connection.execute(f"create or replace table {table} ({', '.join(f'{name} {columns[name]}' for name in columns)})")
    typed = ", ".join(f"{name}: {quoted(kind)}" for name, kind in columns.items())

    def insert(files: Sequence[Path]) -> None:
        names = ", ".join(quoted(str(file)) for file in files)
        connection.execute(
            f"insert into {table} select * from read_json([{names}], format = 'newline_delimited',"
            f" columns = {{{typed}}}) where source = {quoted(provenance)}"
        )

    files, notes = sorted(folder.glob("*.ndjson")), list[str]()
    with contextlib.suppress(duckdb_files.AnyError):
        if files:
            insert(files)
        return notes
    for file in files:
        try:
            insert([file])
        except duckdb_files.AnyError as error:
            notes.append(f"skipped: {file} is damaged, restore it from a backup: {str(error).splitlines()[0]}")
    return notes
