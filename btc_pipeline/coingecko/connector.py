"""The connector process: runs the Airbyte source with PyAirbyte, from the API into the DuckDB cache.

Runs as `python -m btc_pipeline.coingecko.connector` and serves one job; `btc_pipeline.extract` is the other side.
Nothing else may import it: what it imports and locks ends with its process.

Preparation: `scratch` (a private, empty folder), `logs` (folder), `is_lean`. Job: `cache` (path), `config` (see
manifest.yaml; without `ohlc_days` there is no second opinion), `key_header` (header -> key, empty for keyless),
`timeout_seconds`. Result: `{"rows": n, "no_opinion": {coin: why}}`,
`{"error": "…"}` in CoinGecko's own words, `{"damage": "…"}` where DuckDB cannot use the cache, or
`{"fault": "…"}` where anything else failed on this side.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from btc_pipeline import children

STREAM = "market_chart"
OPINION = "ohlc"
SCHEMA = "raw"


def prepare(preparation: children.Json) -> None:
    """Import PyAirbyte, told where it may write."""
    _direct_airbyte(Path(preparation["scratch"]), Path(preparation["logs"]))
    gc.disable()  # the process is short; collecting during the imports costs a fifth of its time
    if preparation["is_lean"]:
        from btc_pipeline.coingecko import lean

        lean.install()
    from btc_pipeline.coingecko import components  # noqa: F401 - imports the CDK


def work(_: None, job: children.Json) -> children.Json:
    """Read the stream into the cache, replacing what was there."""
    import yaml
    from airbyte._executors.declarative import DeclarativeExecutor
    from airbyte.caches.duckdb import DuckDBCache
    from airbyte.sources.base import Source

    from btc_pipeline.coingecko import components

    components.key_header.update(job["key_header"])
    manifest = yaml.safe_load(Path(__file__).with_name("manifest.yaml").read_text(encoding="utf-8"))
    for stream in manifest["streams"]:
        stream["retriever"]["requester"]["read_timeout_in_seconds"] = job["timeout_seconds"]
    source = Source(
        executor=DeclarativeExecutor("source-coingecko", manifest),
        name="source-coingecko",
        config=job["config"],
        streams=[STREAM],
        validate=False,
    )
    try:
        with DuckDBCache(db_path=job["cache"], schema_name=SCHEMA) as cache:
            rows = source.read(cache, force_full_refresh=True).processed_records
            no_opinion = _second_opinions(source, cache, job["config"]["coins"]) if job["config"]["ohlc_days"] else {}
    except Exception as error:  # noqa: BLE001 - whatever PyAirbyte raises, CoinGecko's words are what matters
        return {"error": _explained(components.failures)} if components.failures else _own_fault(error)
    if components.failures:
        return {"error": _explained(components.failures)}
    return {"rows": rows, "no_opinion": no_opinion}


def _second_opinions(source: Any, cache: Any, coins: Iterable[str]) -> dict[str, str]:
    """Read CoinGecko's own candles after all else is there; of which coins there are none, and why."""
    from btc_pipeline.coingecko import components

    try:
        source.read(cache, streams=[OPINION], force_full_refresh=True)
    except Exception as error:
        if "damage" in _own_fault(error):
            raise
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return {coin: components.opinion_failures.get(coin, reason) for coin in coins}
    return components.opinion_failures


def _explained(failures: dict[str, str]) -> str:
    return "; ".join(f"{path}: {reason}" for path, reason in sorted(failures.items()))


def _own_fault(error: BaseException) -> children.Json:
    """What went wrong on this side, in one line; PyAirbyte wraps what happened several times."""
    from btc_pipeline import warehouse

    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None:
        chain.append(current)
        current = current.__cause__ or current.__context__
    full = [each for each in chain if "No space left" in str(each)]
    damage = [each for each in chain if isinstance(each, warehouse.SIGNS_OF_DAMAGE)]
    telling = (full or damage or chain)[-1]
    kind = "damage" if damage and not full else "fault"
    return {kind: f"{type(telling).__name__}: {telling}".splitlines()[0]}


def _direct_airbyte(scratch: Path, logs: Path) -> None:
    """Tell PyAirbyte, before its import, where to write and that nothing is to be reported or looked up."""
    settings: dict[str, Any] = {
        "AIRBYTE_OFFLINE_MODE": "1",
        "DO_NOT_TRACK": "1",
        "AIRBYTE_LOGGING_ROOT": logs,
        "AIRBYTE_TEMP_DIR": scratch,
        "AIRBYTE_PROJECT_DIR": scratch,
        "HOME": scratch,
    }
    for name in ("NO_PROXY", "no_proxy"):  # the sample's server is on loopback
        settings[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1,localhost,::1")))
    os.environ.update({name: str(value) for name, value in settings.items()})
    os.umask(0o077)


if __name__ == "__main__":
    children.serve(prepare, work)
