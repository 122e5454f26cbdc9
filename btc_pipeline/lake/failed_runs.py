"""The record of runs that failed before their answers were verified: the reasons of gaps.

One small file for each run, in `failures/`; loaded into `pipeline.failed_runs`. Opens no connection; is given one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline.errors import PipelineError
from btc_pipeline.market import days
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.values import Settings
from btc_pipeline.system import digest, files

if TYPE_CHECKING:
    from btc_pipeline.warehouse import duckdb_files

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


def keep(folder: Path, settings: Settings, day: date, step: str, error: PipelineError, pairs: Iterable[Pair]) -> None:
    """Record that the run of a day has failed at a step, for these pairs. `error.what` holds no secret."""
    now = settings.instant()
    window = days.Window.of(day, settings.days, now)
    coins: dict[str, list[str]] = {}
    for pair in pairs:
        coins.setdefault(pair.vs_currency, []).append(pair.coin_id)
    for vs_currency, coin_ids in coins.items():
        record = {
            "run_date": day.isoformat(),
            "failed_at": now.replace(tzinfo=None).isoformat(),
            "step": step,
            "exit_code": error.exit_code,
            "reason": error.what,
            "coins": coin_ids,
            "vs_currency": vs_currency,
            "window_from": window.start.replace(tzinfo=None).isoformat(),
            "window_to": window.end.replace(tzinfo=None).isoformat(),
            "source": settings.provenance,
        }
        named = f"{now:%Y%m%dT%H%M%S.%fZ}-{day.isoformat()}-{step}-{digest.of(coin_ids, vs_currency)[:8]}.ndjson"
        files.write(folder / named, f"{json.dumps(record)}\n".encode())


def load(connection: duckdb_files.Connection, folder: Path, provenance: str) -> list[str]:
    """Fill the table `pipeline.failed_runs` anew with the records of this provenance; a line for each damaged one."""
    from btc_pipeline.warehouse import ndjson

    return ndjson.load(connection, "pipeline.failed_runs", COLUMNS, folder, provenance)
