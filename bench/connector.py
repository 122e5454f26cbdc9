"""One run of the connector process, with the lean import or the plain one.

python -m bench.connector lean|plain FOLDER BASE_URL
"""

import sys
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.children import Child
from btc_pipeline.extract import CONNECTOR


def main(kind: str, folder: str, base_url: str) -> None:
    """Fetch a week of Bitcoin into FOLDER/cache.duckdb."""
    root = Path(folder)
    (root / "scratch").mkdir(parents=True)
    job = {
        "cache": str(root / "cache.duckdb"),
        "config": {
            "base_url": base_url,
            "coins": ["bitcoin"],
            "vs_currency": "usd",
            "window_from": int(datetime(2026, 5, 8, tzinfo=timezone.utc).timestamp()),
            "window_to": int(datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc).timestamp()),
            "ohlc_days": 14,
            "max_retries": 0,
            "max_wait_seconds": 0,
        },
        "key_header": {},
        "timeout_seconds": 20,
    }
    preparation = {"scratch": str(root / "scratch"), "logs": str(root / "logs"), "is_lean": kind == "lean"}
    result = Child(CONNECTOR, root / "log", preparation).work(job, 120)
    if result.get("rows") != 1:
        sys.exit(str(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
