"""A workspace in which something is published by hand, and `btc-pipeline` as it is typed there."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

from btc_pipeline.lake import versions
from btc_pipeline.settings.workspace import Workspace
from tests.support import commands
from tests.visualize.report.published import Published


def made_in(folder: Path) -> Path:
    """The folder of a sample workspace below `folder`, with a published week."""
    workspace = folder / "data" / "sample"
    workspace.mkdir(parents=True)
    Published().write(workspace / "crypto_data.duckdb")
    return workspace


def typed(workspace: Path, *arguments: str, **environment: str) -> commands.Ended:
    """What becomes of a command line there."""
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(workspace.parent))
    return commands.run("btc-pipeline", [*arguments, *options], os.environ | environment)


def record(workspace: Path, day: date, **changes: object) -> None:
    """The record of a run of a day, as publishing keeps it."""
    first = day - timedelta(days=7)
    about: dict[str, object] = {
        "source": "SAMPLE (synthetic)",
        "made_by": "Publish",
        "run_date": str(day),
        "first_day": str(first),
    }
    about |= {"last_day": str(day), "as_of": f"{day}T14:42:23Z", "build": "b1"} | changes
    kept = {"publication": about, "checks": {"singular:odd": "warn"}, "vars": {}, "tables": {}}
    versions.keep(Workspace(workspace.parent, "sample"), day, "b1", kept)
