"""A table of DuckDB as a target: complete if a marker row beside it fits the table's content.

Creates no database, and never answers False for "could not look". Imports DuckDB only to look, or to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import luigi

from btc_pipeline.targets.stamp import new_stamp
from btc_pipeline.warehouse import database_errors, marker_rows


class DuckDBTarget(luigi.Target):
    """A table, and in the same database a marker row that describes the table's content.

    The newest marker row holds the number of the table's rows and their hash. An older marker row says that its step
    was done, and that the table has been rebuilt since.

    Args:
        database: the DuckDB file.
        table: `schema.table`.
        markers: `schema.table` of the marker rows.
        step: the task's name.
        day: the run's date.
        fingerprint: what the marker row must have been written for.
    """

    def __init__(self, database: Path, table: str, markers: str, step: str, day: date, fingerprint: str) -> None:
        self.database = database
        self.table = table
        self.markers = markers
        self.step = step
        self.day = day
        self.fingerprint = fingerprint

    def exists(self) -> bool:
        """Whether a marker row has this fingerprint, and the table has the content that the newest row states.

        Raises:
            LockedDatabaseError: another process holds the database.
        """
        rows, contents = self._look()
        if not rows or self._own(rows).get("fingerprint") != self.fingerprint:
            return False
        newest = self._newest(rows)
        return contents == (newest["row_count"], newest["content_hash"])

    def stamp(self) -> str:
        """Which run wrote the marker row; empty if there is none."""
        return str(self._own(self._look()[0]).get("stamp", ""))

    def newest_step(self) -> tuple[str, str]:
        """Which step, for which day, made the table as it is; empty if there is none."""
        newest = self._newest(self._look()[0])
        return str(newest.get("step", "")), str(newest.get("day", ""))

    def newest_stamp(self) -> str:
        """Which run, for any day, made the table as it is; empty if there is none."""
        return str(self._newest(self._look()[0]).get("stamp", ""))

    def write(self) -> None:
        """Mark the table complete as it is now; for a table that another program has written."""
        from btc_pipeline.warehouse import duckdb_files

        with duckdb_files.opened(self.database, read_only=False) as connection:
            connection.execute(marker_rows.create_markers(self.markers))
            connection.execute("begin")
            connection.execute(f"delete from {self.markers} where step = '{self.step}' and day = '{self.day}'")
            connection.execute(
                f"insert into {self.markers} select (select coalesce(max(number), 0) + 1 from {self.markers}),"
                f" '{self.step}', '{self.day}', '{self.fingerprint}',"
                f" '{new_stamp()}', {marker_rows.content(self.table)}"
            )
            connection.execute("commit")

    @staticmethod
    def _newest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return max(rows, key=lambda row: row["number"], default={})

    def _own(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return next((row for row in rows if (row["step"], row["day"]) == (self.step, self.day)), {})

    def _look(self) -> _Look:
        """What is in the database; nothing if it is missing or damaged. Looks again only if the file has changed."""
        try:
            status = self.database.stat()
        except (FileNotFoundError, NotADirectoryError):
            return _NOTHING
        version = (status.st_ino, status.st_size, status.st_mtime_ns)
        seen_version, look = _seen.get((self.database, self.table), (None, _NOTHING))
        if seen_version != version:
            look = self._look_into()
            _seen[self.database, self.table] = version, look
        return look

    def _look_into(self) -> _Look:
        from btc_pipeline.warehouse import duckdb_files

        names = ("number", "step", "day", "fingerprint", "stamp", "row_count", "content_hash")
        try:
            with duckdb_files.opened(self.database, read_only=True) as connection:
                rows = connection.execute(f"select {', '.join(names)} from {self.markers}").fetchall()
                contents = connection.execute(f"select {marker_rows.content(self.table)}").fetchone()
        except (FileNotFoundError, database_errors.DamagedDatabaseError, database_errors.MissingTableError):
            return _NOTHING
        return [dict(zip(names, row, strict=True)) for row in rows], contents


_Look = tuple[list[dict[str, Any]], "tuple[Any, ...] | None"]
_NOTHING: _Look = ([], None)
_seen: dict[tuple[Path, str], tuple[tuple[int, int, int], _Look]] = {}
