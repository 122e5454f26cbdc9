"""Targets: each answers one question, whether what a step made is there and vouched for.

A marker holds the step's fingerprint (what it was made from) and a stamp (which run of it). Targets write nothing
but markers, create no database, and never answer False for "could not look".
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import luigi

from btc_pipeline.system import files
from btc_pipeline.warehouse import duckdb_files

FORMAT = 1


def new_stamp() -> str:
    """A stamp for a step that ends now: the UTC instant, and a few random digits."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}"


class Marker(luigi.Target):
    """A JSON file that vouches for files: their checksums, and the fingerprint of what made them.

    Args:
        path: the marker.
        fingerprint: what it has to vouch for.
        root: the folder that the files' names are relative to.
    """

    def __init__(self, path: Path, fingerprint: str, root: Path) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self.root = root

    def exists(self) -> bool:
        """Whether the marker is there, of this format and fingerprint, and each file as it was written."""
        marker = self._read()
        return marker.get("fingerprint") == self.fingerprint and all(
            _is_intact(self.root / name, checksum) for name, checksum in marker["files"].items()
        )

    def stamp(self) -> str:
        """Which run wrote it; empty where there is no valid marker."""
        return str(self._read().get("stamp", ""))

    def vouches(self) -> bool:
        """Whether it is there, of this format and fingerprint; the files are not looked at."""
        return self._read().get("fingerprint") == self.fingerprint

    def facts(self) -> dict[str, Any]:
        """What the step wanted remembered."""
        return dict(self._read().get("facts", {}))

    def made(self) -> list[Path]:
        """The files that it vouches for."""
        return [self.root / name for name in self._read().get("files", {})]

    def write(self, made: Sequence[Path] = (), facts: Mapping[str, Any] | None = None, stamp: str = "") -> None:
        """Vouch for the files that were made; the last write of a step. With an old stamp what depends on it stays."""
        files.write_json(
            self.path,
            {
                "format": FORMAT,
                "fingerprint": self.fingerprint,
                "stamp": stamp or new_stamp(),
                "files": {path.relative_to(self.root).as_posix(): files.sha256(path) for path in made},
                "facts": dict(facts or {}),
            },
        )

    def _read(self) -> dict[str, Any]:
        marker = files.read_json(self.path)
        return marker if marker.get("format") == FORMAT and isinstance(marker.get("files"), dict) else {}


class DuckDBTarget(luigi.Target):
    """A table, and beside it, in the same database, a marker row that vouches for what is in it.

    The newest row vouches for the table as it is, with its number of rows and their hash; an older row says that
    its step was done, and that the table has been rebuilt since.

    Args:
        database: the DuckDB file.
        table: `schema.table`.
        markers: `schema.table` of the marker rows.
        step: the task's name.
        day: the run's date.
        fingerprint: what the row has to vouch for.
    """

    def __init__(self, database: Path, table: str, markers: str, step: str, day: date, fingerprint: str) -> None:
        self.database = database
        self.table = table
        self.markers = markers
        self.step = step
        self.day = day
        self.fingerprint = fingerprint

    def exists(self) -> bool:
        """Whether the marker row is there for this fingerprint and the table is what the newest row vouches for.

        Raises:
            LockedDatabaseError: another process holds the database.
        """
        rows, contents = self._look()
        if not rows or self._own(rows).get("fingerprint") != self.fingerprint:
            return False
        newest = self._newest(rows)
        return contents == (newest["row_count"], newest["content_hash"])

    def stamp(self) -> str:
        """Which run wrote the row; empty where there is none."""
        return str(self._own(self._look()[0]).get("stamp", ""))

    def newest_step(self) -> tuple[str, str]:
        """Which step, of which day, made the table as it is; empty where there is none."""
        newest = self._newest(self._look()[0])
        return str(newest.get("step", "")), str(newest.get("day", ""))

    def newest_stamp(self) -> str:
        """Which run, of whatever day, made the table as it is; empty where there is none."""
        return str(self._newest(self._look()[0]).get("stamp", ""))

    def write(self) -> None:
        """Vouch for the table as it is now, where the transaction of the data was not ours."""
        with duckdb_files.opened(self.database, read_only=False) as connection:
            connection.execute(duckdb_files.create_markers(self.markers))
            connection.execute("begin")
            connection.execute(f"delete from {self.markers} where step = '{self.step}' and day = '{self.day}'")
            connection.execute(
                f"insert into {self.markers} select (select coalesce(max(number), 0) + 1 from {self.markers}),"
                f" '{self.step}', '{self.day}', '{self.fingerprint}',"
                f" '{new_stamp()}', {duckdb_files.content(self.table)}"
            )
            connection.execute("commit")

    @staticmethod
    def _newest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return max(rows, key=lambda row: row["number"], default={})

    def _own(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return next((row for row in rows if (row["step"], row["day"]) == (self.step, self.day)), {})

    def _look(self) -> _Look:
        """What is in the database; nothing where it is missing or damaged. Looks again only when the file changes."""
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
        names = ("number", "step", "day", "fingerprint", "stamp", "row_count", "content_hash")
        try:
            with duckdb_files.opened(self.database, read_only=True) as connection:
                rows = connection.execute(f"select {', '.join(names)} from {self.markers}").fetchall()
                contents = connection.execute(f"select {duckdb_files.content(self.table)}").fetchone()
        except (FileNotFoundError, duckdb_files.DamagedDatabaseError, duckdb_files.MissingTableError):
            return _NOTHING
        return [dict(zip(names, row, strict=True)) for row in rows], contents


_Look = tuple[list[dict[str, Any]], "tuple[Any, ...] | None"]
_NOTHING: _Look = ([], None)
_seen: dict[tuple[Path, str], tuple[tuple[int, int, int], _Look]] = {}


class Publication(luigi.Target):
    """The readers' file. Each day's marker says that its run was published; the newest one's checksum is kept apart.

    So a day stays done when a later day is published over it, and a damaged file makes each day undone.
    """

    def __init__(self, marker: Marker, published: Path, newest: Path) -> None:
        self.marker = marker
        self.published = published
        self.newest = newest

    def exists(self) -> bool:
        """Whether this run was published, and the file is the one that was published last, written to by nobody."""
        is_written_to = self.published.with_name(self.published.name + ".wal").exists()
        return self.marker.exists() and self._newest("published").exists() and not is_written_to

    def stamp(self) -> str:
        """Which run published."""
        return self.marker.stamp()

    def write(self, facts: Mapping[str, Any], made: Sequence[Path] = ()) -> None:
        """Vouch for the file that has just been swapped in, then for this run and what else it has made."""
        self._newest("published").write(made=[self.published], facts=facts)
        self.marker.write(made, facts)

    def _newest(self, fingerprint: str) -> Marker:
        return Marker(self.newest, fingerprint, self.published.parent)


def _is_intact(path: Path, checksum: str) -> bool:
    try:
        return files.sha256(path) == checksum
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return False
