"""One run of the connector process, with the lean import or the plain one; or its imports alone.

python -m bench.connector lean|plain FOLDER BASE_URL
python -m bench.connector imports
"""

import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.extract import fetch, requests
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace

NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)


def main(kind: str, folder: str, base_url: str) -> None:
    """Fetch a week of Bitcoin into FOLDER."""
    configured = replace(
        reader.load(), now=NOW, base_url=base_url, retries=0, calls_a_minute=1000, data_dir=Path(folder)
    )
    workspace = Workspace(configured.data_dir, configured.source)
    wanted = requests.of_run(configured, NOW.date(), NOW, configured.pairs)
    fetched = fetch.fetch(configured, workspace, wanted, fetch.Options(workspace.cache, is_lean=kind == "lean"))
    if len(fetched.answers) != 3:
        sys.exit(str(fetched.failed))


def imports() -> None:
    """What the connector imports before its job is known, and for it."""
    from btc_pipeline.coingecko.connector import process

    with tempfile.TemporaryDirectory() as folder:
        process.prepare({"scratch": folder, "logs": folder, "is_lean": True})
    from airbyte._executors.declarative import DeclarativeExecutor  # noqa: F401
    from airbyte.caches.duckdb import DuckDBCache  # noqa: F401
    from airbyte.sources.base import Source  # noqa: F401


if __name__ == "__main__":
    imports() if sys.argv[1:] == ["imports"] else main(*sys.argv[1:])
