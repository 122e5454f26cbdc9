"""Instants as text and back, always in UTC: the one format of files, messages and tables.

Imports nothing of the project.
"""

from __future__ import annotations

from datetime import date, datetime, timezone

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""`2026-11-24T22:58:10Z`: ISO 8601, in UTC, to the second."""


class MissingZoneError(ValueError):
    """An instant has no time zone, so it is not clear which instant it is."""


def text(instant: datetime) -> str:
    """`2026-11-24T22:58:10Z`. An instant without a time zone counts as UTC, because DuckDB's timestamps are in UTC."""
    utc = instant.astimezone(timezone.utc) if instant.tzinfo else instant
    return f"{utc:{FORMAT}}"


def of_milliseconds(stamp: int) -> datetime:
    """The instant of milliseconds since 1970, in UTC."""
    return datetime.fromtimestamp(stamp / 1000, tz=timezone.utc)


def parse(written: str) -> datetime:
    """The instant of an ISO 8601 text with its zone, in UTC.

    Raises:
        MissingZoneError: it has no zone.
        ValueError: it is not such a text.
    """
    moment = datetime.fromisoformat(written.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    if moment.tzinfo is None:
        raise MissingZoneError("an instant needs its zone, e.g. 2021-05-15T14:42:23Z")
    return moment.astimezone(timezone.utc)


def plain(value: object) -> object:
    """A value as JSON and CSV show it: days as 2026-11-20, instants as 2026-11-20T00:40:00Z, others unchanged."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
