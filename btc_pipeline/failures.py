"""The record of runs that failed before their answers were verified: why there is a gap.

One small file for each, below `failures/`; loaded into `pipeline.failed_runs`. Opens no connection; is given one.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from btc_pipeline import extract, files, ledgers, warehouse
from btc_pipeline.errors import PipelineError
from btc_pipeline.settings import Settings

COLUMNS = {
    "run_date": "date",
    "failed_at": "timestamp",
    "step": "varchar",
    "exit_code": "integer",
    "reason": "varchar",
    "coins": "varchar[]",
    "vs_currency": "varchar",
    "window_from": "timestamp",
    "window_to": "timestamp",
    "source": "varchar",
}


def keep(folder: Path, settings: Settings, day: date, step: str, error: PipelineError) -> None:
    """Write down that the run of a day has failed at a step; `error.what` holds no secret."""
    now = settings.instant()
    window = extract.Window.of(day, settings.days, now)
    record = {
        "run_date": day.isoformat(),
        "failed_at": now.replace(tzinfo=None).isoformat(),
        "step": step,
        "exit_code": error.exit_code,
        "reason": error.what,
        "coins": settings.coins,
        "vs_currency": settings.vs_currency,
        "window_from": window.start.replace(tzinfo=None).isoformat(),
        "window_to": window.end.replace(tzinfo=None).isoformat(),
        "source": settings.provenance,
    }
    files.write(folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{day.isoformat()}-{step}.ndjson", f"{json.dumps(record)}\n".encode())


def load(connection: warehouse.Connection, folder: Path, provenance: str) -> list[str]:
    """Replace the table `pipeline.failed_runs` by what is on record of this provenance; a line for each damaged one."""
    return ledgers.load(connection, "pipeline.failed_runs", COLUMNS, folder, provenance)
