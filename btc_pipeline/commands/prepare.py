"""Preparing dbt at installation, like compiling bytecode: parse the project, run its unit tests on an empty workspace.

`make install` runs `python -m btc_pipeline.commands.prepare`. A run works without it too; the first one takes two
seconds longer.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.errors import PipelineError
from btc_pipeline.observe import log
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import dbt_build, prepared


def main() -> None:
    """Build an empty workspace and keep what dbt prepared. If that fails, say so: the first run will say more."""
    today = datetime.now(timezone.utc).date()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "empty")
        workspace.temporary.mkdir(parents=True)
        wanted = dbt_build.Build("Transform", today, "", Transform(date=today).sources_hash())
        try:
            configured = reader.load()
            dbt_build.build(configured, workspace, wanted)
        except PipelineError as error:
            log.prepare()
            log.warning("dbt is not prepared, the first run will take longer: %s", error)
            return
        shutil.rmtree(prepared.folder(configured.data_dir), ignore_errors=True)
        prepared.keep(configured.data_dir, workspace, wanted.built_from)


if __name__ == "__main__":
    main()
