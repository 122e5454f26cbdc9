"""What readers and files show: the published tables, and whether a file has been touched.

Opens databases read-only, closes them at once, and knows nothing of how they came about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]


def candles(database: Path) -> list[Row]:
    """`daily_candlestick` in the order in which it is stored."""
    return rows(database, "select * from main.daily_candlestick")


def candles_as_text(database: Path) -> list[Row]:
    """The same, each value as DuckDB writes it: equal to the last digit or not equal."""
    return rows(database, "select columns(*)::varchar from main.daily_candlestick")


def values_as_text(database: Path) -> list[Row]:
    """The same, without the source, which says where prices come from and not what they are."""
    return [{name: value for name, value in row.items() if name != "source"} for row in candles_as_text(database)]


def publication(database: Path) -> dict[str, str]:
    """The facts about the published version."""
    return {row["key"]: row["value"] for row in rows(database, "select * from main.publication")}


def files_of(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, size and time of change of each file below the folder, and of the folder's folders."""
    status_of = {path.relative_to(folder).as_posix(): path.lstat() for path in sorted(folder.rglob("*"))}
    return {name: (status.st_ino, status.st_size, status.st_mtime_ns) for name, status in status_of.items()}


def contents_of(*files: Path) -> dict[Path, bytes]:
    """The files' bytes."""
    return {file: file.read_bytes() for file in files}


def leftovers(data_dir: Path) -> list[str]:
    """What a finished run must not leave behind: temporary files, scratch, write-ahead logs, second answers."""
    names = sorted(path.relative_to(data_dir).as_posix() for path in data_dir.rglob("*"))
    return [name for name in names if _LEFTOVER.search(name)] + list(_answers_kept_twice(data_dir))


_LEFTOVER = re.compile(r"\.tmp-|/tmp/.|\.wal$|\.damaged$|\.tmp$|/test_results\.json$")


def _answers_kept_twice(data_dir: Path) -> Iterator[str]:
    for folder in data_dir.glob("*/raw/*/*/*/date=*"):
        if len(list(folder.iterdir())) != 2:  # the answer and its manifest
            yield from (path.relative_to(data_dir).as_posix() for path in sorted(folder.iterdir()))


def rows(database: Path, query: str) -> list[Row]:
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
