"""A workspace in which something is published by hand, and `btc-pipeline` as it is typed there."""

from __future__ import annotations

import os
from pathlib import Path

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
