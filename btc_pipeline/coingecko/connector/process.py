"""The connector process: runs the Airbyte source with PyAirbyte, from the API into the DuckDB cache.

Runs as `python -m btc_pipeline.coingecko.connector.process` and serves one job; `extract/fetch.py` is the other side.
Nothing else may import it: its imports and locks end with its process.

Preparation: `scratch` (a private, empty folder), `logs` (folder), `is_lean`. Job: see `extract/fetch.py`. Events:
`{"stream": …, "number": …}` with the `file` of the answer or why it `failed`; `{"waits_seconds": …, "why": …}`.
Result: `{"calls": n, "waited_seconds": s, "lists": {name: text}}`, `{"damage": "…"}` if DuckDB cannot use the cache,
or `{"fault": "…"}` if anything else failed on this side.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from btc_pipeline.coingecko import call_ledger, network_variables
from btc_pipeline.coingecko.connector.rate_limit import Budget
from btc_pipeline.coingecko.connector.request_policy import Sync
from btc_pipeline.coingecko.streams import COINS, CURRENCIES, STREAMS
from btc_pipeline.lake import raw_archive
from btc_pipeline.system import child_process
from btc_pipeline.warehouse import duckdb_files

SCHEMA = "raw"


def prepare(preparation: child_process.Json) -> None:
    """Set the folders that PyAirbyte may write to, then import it."""
    _direct_airbyte(Path(preparation["scratch"]), Path(preparation["logs"]))
    gc.disable()  # the process is short; garbage collection during the imports costs a fifth of its time
    if preparation["is_lean"]:
        from btc_pipeline.coingecko.connector import lean_imports

        lean_imports.install()
    from btc_pipeline.coingecko.connector import components  # noqa: F401 - imports the CDK


def work(_: None, job: child_process.Json) -> child_process.Json:
    """Read the streams into the cache, and replace its old content; each answer goes into the archive as it comes."""
    import yaml
    from airbyte._executors.declarative import DeclarativeExecutor
    from airbyte.caches.duckdb import DuckDBCache
    from airbyte.sources.base import Source

    from btc_pipeline.coingecko.connector import components

    components.key_header.update(job["key_header"])
    if network_variables.is_plain(job["config"]["base_url"]):
        os.environ.update(network_variables.NO_PROXY)
    manifest = yaml.safe_load(Path(__file__).with_name("manifest.yaml").read_text(encoding="utf-8"))
    manifest["definitions"]["requester"]["read_timeout_in_seconds"] = job["timeout_seconds"]
    source = Source(
        executor=DeclarativeExecutor("source-coingecko", manifest),
        name="source-coingecko",
        config=job["config"],
        streams=[],
        validate=False,
    )
    try:
        with _budget(job) as budget:
            sync = _sync(job, budget)
            components.syncs.append(sync)
            with DuckDBCache(db_path=job["cache"], schema_name=SCHEMA) as cache:
                for stream in STREAMS:
                    if job["requests"][stream]:
                        source.read(cache, streams=[stream], force_full_refresh=True)
                for stream in _lists_wanted(sync, job["lists"]):
                    source.read(cache, streams=[stream], force_full_refresh=True)
    except Exception as error:  # noqa: BLE001 - any error of PyAirbyte or DuckDB goes to the parent in one line
        return _own_fault(error)
    lists = {name: body.decode() for name, body in sync.lists.items()}
    spent = {"calls": budget.calls, "waited_seconds": budget.waited_seconds} if budget else {}
    return {"calls": 0, "waited_seconds": 0.0, **spent, "lists": lists}


@contextlib.contextmanager
def _budget(job: child_process.Json) -> Iterator[Budget | None]:
    """The budget of calls, with the ledger open; None for the sample's server."""
    limits = job["budget"]
    if limits is None:
        yield None
        return
    with duckdb_files.opened(Path(limits["ledger"]), read_only=False) as connection:
        ledger = call_ledger.Ledger(connection, limits["plan"], limits["host"])
        yield Budget(ledger, limits["calls_a_minute"], limits["calls_a_month"], _tell_wait)


def _tell_wait(seconds: float, why: str) -> None:
    child_process.send_event({"waits_seconds": seconds, "why": why})


def _sync(job: child_process.Json, budget: Budget | None) -> Sync:
    return Sync(
        requests={
            stream: {number: raw_archive.from_plain(request) for number, request in requests.items()}
            for stream, requests in job["requests"].items()
        },
        raw=Path(job["raw"]),
        budget=budget,
        max_retries=job["max_retries"],
        max_wait_seconds=job["max_wait_seconds"],
        now=datetime.fromisoformat(job["now"]) if job["now"] else None,
        takes_empty=job["takes_empty"],
        tell=child_process.send_event,
    )


def _lists_wanted(sync: Sync, wanted: list[str]) -> list[str]:
    """The lists of names that explain an unknown id, of those that the parent wants."""
    failures = [reason for request, reason in sync.failed.items() if request.is_price]
    signs = {COINS: "HTTP 404", CURRENCIES: "HTTP 400"}
    return [name for name in wanted if any(reason.startswith(signs[name]) for reason in failures)]


def _own_fault(error: BaseException) -> child_process.Json:
    """What went wrong on this side, in one line; PyAirbyte wraps the cause several times."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None:
        chain.append(current)
        current = current.__cause__ or current.__context__
    full = [each for each in chain if "No space left" in str(each)]
    damage = [each for each in chain if isinstance(each, duckdb_files.SIGNS_OF_DAMAGE)]
    telling = (full or damage or chain)[-1]
    kind = "damage" if damage and not full else "fault"
    return {kind: f"{type(telling).__name__}: {telling}".splitlines()[0]}


def _direct_airbyte(scratch: Path, logs: Path) -> None:
    """Set the environment before PyAirbyte's import: where it writes, and that it reports and looks up nothing."""
    settings: dict[str, Any] = {
        "AIRBYTE_OFFLINE_MODE": "1",
        "DO_NOT_TRACK": "1",
        "AIRBYTE_LOGGING_ROOT": logs,
        "AIRBYTE_TEMP_DIR": scratch,
        "AIRBYTE_PROJECT_DIR": scratch,
        "HOME": scratch,
    }
    os.environ.update({name: str(value) for name, value in settings.items()})
    os.umask(0o077)


if __name__ == "__main__":
    child_process.serve(prepare, work)
