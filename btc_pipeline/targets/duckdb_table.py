"""A table of DuckDB as a target: complete if a marker row beside it fits the table's content.

Creates no database, and never answers False for "could not look". Imports DuckDB only to look, or to write: a run with
nothing to do has no time for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import luigi

from btc_pipeline.targets import kept_look
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

    def keep_look(self) -> None:
        """Keep beside the database what is in it now. While the file is the same, a later process does not open it."""
        with contextlib.suppress(database_errors.DatabaseError):  # then a later process looks, or says what is wrong
            kept_look.keep(self.database, self._question, self._look_as_json)

    @staticmethod
    def _newest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return max(rows, key=lambda row: row["number"], default={})

    def _own(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return next((row for row in rows if (row["step"], row["day"]) == (self.step, self.day)), {})

    @property
    def _question(self) -> str:
        """What a kept look answers: about this step and day, and which step was the newest."""
        return f"{self.table} {self.markers} {self.step} {self.day}"

    def _look_as_json(self) -> dict[str, Any]:
        rows, contents = self._look()
        known = [dict(row) | {"day": str(row["day"])} for row in (self._own(rows), self._newest(rows)) if row]
        return {"rows": known, "contents": contents}

    def _kept_look(self) -> _Look | None:
        """What was kept of a look, if it still holds; its marker rows are those of this step and of the newest one."""
        kept = kept_look.read(self.database, self._question)
        if not kept or not kept["rows"]:
            return None
        rows = [dict(row) | {"day": date.fromisoformat(row["day"])} for row in kept["rows"]]
        return rows, tuple(kept["contents"])

    def _look(self) -> _Look:
        """What is in the database; nothing if it is missing or damaged. Looks again only if the file has changed."""
        try:
            status = self.database.stat()
        except (FileNotFoundError, NotADirectoryError):
            return _NOTHING
        version = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        of_all, of_own = (self.database, self.table), (self.database, self._question)
        for key in (of_all, of_own):
            seen_version, look = _seen.get(key, (None, _NOTHING))
            if seen_version == version:
                return look
        kept = self._kept_look()
        look = self._look_into() if kept is None else kept
        _seen[of_all if kept is None else of_own] = version, look
        return look

    def _look_into(self) -> _Look:
        from btc_pipeline.warehouse import duckdb_files

        try:
            with duckdb_files.opened(self.database, read_only=True) as connection:
                rows = connection.execute(f"select {', '.join(_NAMES)} from {self.markers}").fetchall()
                contents = connection.execute(f"select {marker_rows.content(self.table)}").fetchone()
        except (FileNotFoundError, database_errors.DamagedDatabaseError, database_errors.MissingTableError):
            return _NOTHING
        return [dict(zip(_NAMES, row, strict=True)) for row in rows], contents


_Look = tuple[list[dict[str, Any]], "tuple[Any, ...] | None"]
_NOTHING: _Look = ([], None)
_NAMES = ("number", "step", "day", "fingerprint", "stamp", "row_count", "content_hash")
_seen: dict[tuple[Path, str], tuple[tuple[int, int, int, int], _Look]] = {}
