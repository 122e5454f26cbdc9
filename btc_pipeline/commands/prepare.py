"""Preparing dbt at installation, like compiling bytecode: parse the project and run its unit tests, on an empty world.

`make install` runs `python -m btc_pipeline.commands.prepare`. A run works as well without it, and takes two seconds
more the first time.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.errors import PipelineError
from btc_pipeline.observe import log
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import World
from btc_pipeline.targets.marker import DuckDBTarget
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import dbt_build, loader


def main() -> None:
    """Build an empty world and keep dbt's target folder; where that fails, say so: the first run will say more."""
    today = datetime.now(timezone.utc).date()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), "empty")
        world.temporary.mkdir(parents=True)
        target = DuckDBTarget(world.work, "main.daily_candlestick", loader.MARKERS, "Transform", today, "")
        try:
            dbt_build.build(reader.load(), world, dbt_build.Build(target, Transform(date=today).sources_hash()))
        except PipelineError as error:
            log.prepare()
            log.warning("dbt is not prepared, the first run will take longer: %s", error)
            return
        shutil.rmtree(dbt_build.PREPARED, ignore_errors=True)
        dbt_build.PREPARED.mkdir(parents=True)
        for name in ("partial_parse.msgpack", "unit_tests.json"):
            shutil.copyfile(world.dbt_target / name, dbt_build.PREPARED / name)


if __name__ == "__main__":
    main()
