"""What was seen in a database, kept in a small file beside it: a process that starts later need not look again.

It counts only while the database is the same, byte for byte, as its checksum says, and no log lies beside it. If
anything is odd about it, there is no kept look, and DuckDB looks. Does not import DuckDB.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from btc_pipeline.system import file_state
from btc_pipeline.targets.marker import Marker

FORMAT = 2
"""Of what is kept. Another version of this project, with another format, looks again."""

LARGEST = 64 << 20
"""The bytes of the largest database with a kept look. The checksum of a larger one takes longer than a look into it."""


def keep(database: Path, question: str, look: Callable[[], Mapping[str, Any]]) -> None:
    """Look, and keep what is seen. If it cannot be kept, that is no failure: then each process looks.

    Args:
        database: the file, which this process must not have open.
        question: what the look was for; only the same question gets the kept answer.
        look: looks, and returns what it sees as JSON has it.
    """
    marker = _marker(database, question)
    with contextlib.suppress(OSError):
        size, before = database.stat().st_size, file_state.of(database)
        seen = look()
        if size <= LARGEST and not _log(database).exists():
            marker.write(made=[database], facts={"seen": seen})
            if file_state.of(database) != before or _log(database).exists():  # somebody has written in between
                marker.path.unlink()


def read(database: Path, question: str) -> dict[str, Any] | None:
    """What was seen in the database as it is now; None if that is not known."""
    marker = _marker(database, question)
    try:
        is_known = marker.checksum(database) and database.stat().st_size <= LARGEST and not _log(database).exists()
        if not is_known or not marker.exists():
            return None
        return dict(marker.facts()["seen"])
    except OSError:
        return None


def _marker(database: Path, question: str) -> Marker:
    return Marker(database.with_suffix(".look.json"), f"{FORMAT} {question}", database.parent)


def _log(database: Path) -> Path:
    return database.with_name(database.name + ".wal")
