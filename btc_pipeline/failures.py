"""The record of runs that failed before their answers were verified: why there is a gap.

One small file for each, below `failures/`; loaded into `pipeline.failed_runs`. Opens no connection; is given one.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from btc_pipeline import extract, files, warehouse
from btc_pipeline.errors import PipelineError
from btc_pipeline.settings import Settings
from btc_pipeline.warehouse import quoted

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


def load(connection: warehouse.Connection, folder: Path, provenance: str) -> None:
    """Replace the table `pipeline.failed_runs` by what is on record of this provenance."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"create or replace table pipeline.failed_runs ({columns})")
    if any(folder.glob("*.ndjson")):
        typed = ", ".join(f"{name}: {quoted(kind)}" for name, kind in COLUMNS.items())
        connection.execute(
            f"insert into pipeline.failed_runs select * from read_json({quoted(str(folder / '*.ndjson'))},"
            f" format = 'newline_delimited', ignore_errors = true, columns = {{{typed}}})"
            f" where source = {quoted(provenance)}"
        )
