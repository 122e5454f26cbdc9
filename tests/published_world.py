"""A world in which something is published by hand, and `btc-pipeline` as it is typed there."""

from __future__ import annotations

import os
from pathlib import Path

from tests.report.published import Published
from tests.support import commands


def made_in(folder: Path) -> Path:
    """The folder of a sample world below `folder`, with a published week."""
    world = folder / "data" / "sample"
    world.mkdir(parents=True)
    Published().write(world / "crypto_data.duckdb")
    return world


def typed(world: Path, *arguments: str, **environment: str) -> commands.Ended:
    """What becomes of a command line there."""
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(world.parent))
    return commands.run("btc-pipeline", [*arguments, *options], os.environ | environment)
