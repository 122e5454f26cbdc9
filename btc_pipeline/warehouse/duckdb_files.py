"""Opening DuckDB files: the only module that calls `duckdb.connect`. Knows no task.

dbt and Airbyte open DuckDB too, in their own processes.

DuckDB locks with fcntl, so a file must never be read as bytes while this process has it open: every
connection here is closed before the function returns.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from btc_pipeline.warehouse import duckdb_release
from btc_pipeline.warehouse.database_errors import (
    DamagedDatabaseError,
    LockedDatabaseError,
    MissingTableError,
)

PATIENCE_SECONDS = 5.0

VERSION = duckdb.__version__

Connection = duckdb.DuckDBPyConnection
AnyError = duckdb.Error

SIGNS_OF_DAMAGE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)
"""What DuckDB raises for a damaged file. It raises the same for a full disk; only the text differs."""

MISSING = (duckdb.CatalogException, duckdb.BinderException)
"""What DuckDB raises if a query names a table or a column that does not exist."""

# Without this option DuckDB would read a Python variable with the name of a missing table
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {"python_enable_replacements": False}
if duckdb_release.crashes_with_threads(VERSION):
    _OPTIONS["threads"] = 1


@contextlib.contextmanager
def opened(path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the zone set to UTC; checkpointed and closed on leaving.

    Raises:
        FileNotFoundError: read_only, and there is no file.
        LockedDatabaseError: another process still has it open after five seconds.
        DamagedDatabaseError: the file is damaged, or is not a DuckDB database.
        MissingTableError: a query names a table or a column that does not exist.
    """
    if read_only and not path.exists():
        raise FileNotFoundError(path)
    connection = _connect(path, read_only=read_only)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
        if not read_only:
            connection.execute("checkpoint")
    except MISSING as error:
        raise MissingTableError(f"{path}: {_first_line(error)}") from None
    except SIGNS_OF_DAMAGE as error:
        if "No space left" in str(error):
            raise OSError(_first_line(error)) from error
        raise DamagedDatabaseError(f"{path}: {_first_line(error)}") from error
    finally:
        connection.close()


def threads() -> int:
    """With how many threads DuckDB works: one if it can crash with more, else as many as it takes by itself."""
    with duckdb.connect(config=_OPTIONS) as memory:
        ((number,),) = memory.execute("select current_setting('threads')").fetchall()
    return int(number)


def quoted(text: str) -> str:
    """A SQL string literal. For values that are already validated; DuckDB's parameters would import pandas."""
    return "'" + text.replace("'", "''") + "'"


def read_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Read each table once, so that DuckDB finds damage now and not in the middle of the work."""
    tables = 'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables()'
    for (table,) in connection.execute(tables).fetchall():
        connection.execute(f"select bit_xor(hash(each)) from {table} as each")


def finish(path: Path) -> None:
    """Apply the write-ahead log that a killed process has left. A damaged database stays as it is."""
    if path.with_name(path.name + ".wal").exists():
        with contextlib.suppress(DamagedDatabaseError), opened(path, read_only=False):
            pass


def set_aside(path: Path) -> Path:
    """Move a damaged database, and its write-ahead log, out of the way; the latest one is kept."""
    aside = path.with_name(path.name + ".damaged")
    path.replace(aside)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    return aside


def writer_of(path: Path) -> str:
    """The program that has the file open for writing, and its process id, as DuckDB names them; empty if there is none.

    Ask only if another process has a write lock: then DuckDB does not get as far as reading the file.
    """
    try:
        duckdb.connect(str(path), read_only=True, config=_OPTIONS).close()
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            named = re.search(r"Conflicting lock is held in (.+?\(PID \d+\))", str(error))
            return named[1] if named else "another program"
    return ""


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=_OPTIONS)
        except duckdb.Error as error:
            if "Could not set lock" in str(error):
                if time.monotonic() < give_up_at:
                    time.sleep(0.05)
                    continue
                raise LockedDatabaseError(_first_line(error)) from None
            if isinstance(error, duckdb.IOException) and _is_of_the_system(error):
                raise OSError(_first_line(error)) from None
            raise DamagedDatabaseError(f"{path}: {_first_line(error)}") from None


def _is_of_the_system(error: duckdb.Error) -> bool:
    return any(
        words in str(error) for words in ("Permission denied", "Read-only file system", "No space left", "No such file")
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
