"""`make docs`: the models' documentation as one page, with lineage from the sources to the chart.

Runs `dbt docs generate --static` on an empty database, in a process of its own; needs no network and no earlier run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from btc_pipeline.errors import PipelineError, TransformationError
from btc_pipeline.observe import log
from btc_pipeline.system import signals
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.terminal import progress
from btc_pipeline.transform import loader
from btc_pipeline.warehouse import duckdb_files

_PAGE = "static_index.html"


def write(page: Path) -> None:
    """Write the page; it needs no network to be opened.

    Raises:
        TransformationError: dbt has failed; says how.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "crypto_data.duckdb")
        with duckdb_files.opened(database, read_only=False) as connection:
            loader.create_tables(connection)
        options: list[str | Path] = [
            *("--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT, "--target-path", Path(folder, "target")),
            *("--log-path", folder, "--quiet", "--no-use-colors"),
        ]
        for command in ("seed", "run", "docs generate --static"):
            ended = subprocess.run(
                [Path(sys.executable).with_name("dbt"), *command.split(), *options],
                env={**os.environ, "BTC_PIPELINE_DATABASE": str(database)},
                capture_output=True,
                text=True,
                check=False,
            )
            if ended.returncode:
                raise TransformationError(
                    f"dbt {command} has failed: {ended.stdout}{ended.stderr}",
                    "correct the model; `dbt build` works by hand in dbt_project/",
                )
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(folder, "target", _PAGE), page)


if __name__ == "__main__":
    log.prepare()
    try:
        with signals.raised_in("make docs"), progress.alive("make docs"):
            write(Path("data/docs/index.html"))
    except signals.StoppedError as stopped:
        log.error("make docs was stopped by %s. Next: run it again", stopped.name)
        sys.exit(128 + stopped.number)
    except PipelineError as error:
        log.error("%s", error)
        sys.exit(error.exit_code)
    print("data/docs/index.html")
