"""The checksum of dbt's database as its last tested build left it.

While it fits, no damage is to be looked for: reading every table of ten years of 20 coins takes eight times as long as
the checksum of the file, and needs the memory of all of it.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.targets.marker import Marker


def keep(database: Path) -> None:
    """Keep the checksum of the database, which this process must not have open."""
    _marker(database).write(made=[database])


def fits(database: Path) -> bool:
    """Whether the database is, byte for byte, what it was when its checksum was kept; no log may lie beside it."""
    log = database.with_name(database.name + ".wal")
    return not log.exists() and _marker(database).is_proved()


def _marker(database: Path) -> Marker:
    return Marker(database.with_suffix(".sha256.json"), "tested", database.parent)
