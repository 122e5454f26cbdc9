"""The version records: for each published version its facts, the models' settings, a profile of its tables.

Reads and writes JSON below `runs/`; opens no database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from btc_pipeline.settings import parsers
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import records

Record = dict[str, Any]

_KEYS = {"publication", "vars", "checks", "tables"}


def keep(workspace: Workspace, day: date, build: str, record: Record) -> None:
    """Write the record of a build that was published by the run of a day."""
    records.write(workspace.runs / f"{day.isoformat()}-{build}.json", record)


def of_build(workspace: Workspace, day: str, build: str) -> Record | None:
    """The record of a build; None if it is gone or damaged."""
    return _read(workspace.runs / f"{day}-{build}.json")


def newer_run(workspace: Workspace, about: Mapping[str, str]) -> dict[str, str] | None:
    """The facts of the last run of the newest day, if a run of a past day has published since; None if none has.

    `about` are the facts of the version that is published.
    """
    if about.get("made_by") == "Backfill":
        return None
    for path in sorted(workspace.runs.glob("*.json"), reverse=True):  # the newest day of a run comes first
        if path.name <= about["run_date"]:
            return None
        record = _read(path)
        facts = record.get("publication", {}) if record else {}
        if _is_of_a_daily_run(facts) and facts["source"] == about["source"] and facts["run_date"] > about["run_date"]:
            return dict(facts)
    return None


def with_content(workspace: Workspace, table: str, hashes: Collection[str]) -> Record | None:
    """The newest record of a version in which the table had exactly the content with one of these hashes."""
    for path in sorted(workspace.runs.glob("*.json"), reverse=True):
        record = _read(path)
        if record and record["tables"].get(table, {}).get("content_hash") in hashes:
            return record
    return None


def _is_of_a_daily_run(facts: Record) -> bool:
    names = ("source", "run_date", "first_day", "last_day", "as_of", "build")
    if facts.get("made_by") != "Publish" or not all(isinstance(facts.get(name), str) for name in names):
        return False
    try:
        return all(parsers.day(facts[name]) for name in names if name.endswith(("day", "date")))
    except ValueError:
        return False


def _read(path: Path) -> Record | None:
    try:
        return records.read(path, _KEYS) or None
    except OSError:
        return None
