"""A workspace in which something is published by hand, and `btc-pipeline` as it is typed there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.visualize.report.published import Published

PROGRAM = Path(sys.executable).with_name("btc-pipeline")


def made_in(folder: Path) -> Path:
    """The folder of a sample workspace below `folder`, with a published week."""
    workspace = folder / "data" / "sample"
    workspace.mkdir(parents=True)
    Published().write(workspace / "crypto_data.duckdb")
    return workspace


def typed(workspace: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a command line there."""
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(workspace.parent))
    return subprocess.run(
        [PROGRAM, *arguments, *options],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
