"""The pipeline's own copy of the last published version: its candles, and the facts about it.

A tool of a reader can damage or edit the published file. Then this copy says what was published, so that changes are
still found. Only the newest version is kept. Opens no connection; is given one.

    work/last_version.parquet   daily_candlestick
    work/last_version.json      the checksums of the published file and of the parquet file, and the facts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files, records
from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

FORMAT = 2


@dataclass(frozen=True)
class LastVersion:
    """A copy whose files are as they were written. `of` is the checksum of the published file that it is a copy of."""

    of: str
    candles: Path
    publication: Mapping[str, str]


def write_candles(connection: duckdb_files.Connection, workspace: Workspace) -> Path:
    """Write the candles of a version that is being made into the scratch folder; `keep` puts them into their place."""
    candles = workspace.temporary / workspace.last_candles.name
    candles.unlink(missing_ok=True)
    connection.execute(f"copy main.daily_candlestick to {quoted(str(candles))} (format parquet, compression zstd)")
    return candles


def keep(workspace: Workspace, of: Path, candles: Path, publication: Mapping[str, str]) -> None:
    """Make this the copy of the version in the file `of`: the last write before that file is published.

    If the run is killed before it is published, the copy is not of the published version: its checksum says so.
    """
    content = {
        "of": files.sha256(of),
        "candles": files.sha256(candles),
        "publication": dict(sorted(publication.items())),
    }
    files.move_into_place(candles, workspace.last_candles)
    records.write(workspace.last_version, {"format": FORMAT, **content})


def read(workspace: Workspace) -> LastVersion | None:
    """The copy; None if there is none, or if it is damaged."""
    record = records.read(workspace.last_version)
    if record.get("format") != FORMAT:
        return None
    try:
        is_whole = files.sha256(workspace.last_candles) == record["candles"]
    except OSError:
        return None
    return LastVersion(record["of"], workspace.last_candles, record["publication"]) if is_whole else None
