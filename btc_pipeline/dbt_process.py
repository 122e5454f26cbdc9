"""The dbt process: loads new answers, runs one dbt command, and tells what each node came to.

Runs as `python -m btc_pipeline.dbt_process` and serves one job; `btc_pipeline.transform` is the other side. Nothing
else may import it: dbt's imports, memory and locks end with this process. dbt is imported before the job is read,
so that the process can be started ahead of time.

Job: `command` (`build` or `test`), `project`, `target`, `logs` (folders), `database`, and for `build` what
`loader.Load` takes. Result: `{"nodes": […], "loaded": n, "notes": […]}` or `{"error": "…"}`.
"""

from __future__ import annotations

import gc
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from btc_pipeline import children, loader, warehouse

gc.disable()  # the process is short; collecting costs a tenth of its time

from dbt.cli.main import dbtRunner  # noqa: E402 - after gc.disable, which is about this very import


def work(job: children.Json) -> children.Json:
    """Load where the command is `build`, then run dbt."""
    loaded, notes = 0, []
    if job["command"] == "build":
        try:
            loaded, notes = loader.load(_load(job))
        except (warehouse.LockedDatabaseError, warehouse.MissingTableError, OSError) as error:
            return {"error": f"the archive cannot be loaded: {error}"}
    os.environ["BTC_PIPELINE_DATABASE"] = job["database"]
    outcome = dbtRunner().invoke(_arguments(job))
    results = getattr(outcome.result, "results", None)
    if results is None:
        return {"error": f"dbt {job['command']}: {_one_line(outcome.exception)}"}
    return {"nodes": [_node(result) for result in results], "loaded": loaded, "notes": notes}


def _load(job: children.Json) -> loader.Load:
    paths = {name: Path(job[name]) for name in ("database", "raw", "scratch")}
    texts = {name: job[name] for name in ("provenance", "built_from", "step", "day", "fingerprint", "stamp")}
    return loader.Load(**paths, **texts, max_age=timedelta(hours=job["max_age_hours"]))


def _arguments(job: children.Json) -> list[str]:
    return [
        *("--log-level", "warn", "--log-path", job["logs"], "--log-level-file", "warn"),
        *("--no-use-colors", "--no-populate-cache", "--no-write-json"),
        job["command"],
        *("--project-dir", job["project"], "--profiles-dir", job["project"]),
        *("--target-path", job["target"]),
    ]


def _node(result: Any) -> dict[str, Any]:
    """One node's outcome; a test is named as in `btc_pipeline.census`."""
    node = result.node
    kind = str(getattr(node.resource_type, "value", node.resource_type))
    return {
        "kind": kind,
        "name": _test_name(node) if kind == "test" else f"unit:{node.name}" if kind == "unit_test" else node.name,
        "status": str(getattr(result.status, "value", result.status)),
        "failures": result.failures,
        "message": _one_line(result.message),
    }


def _test_name(node: Any) -> str:
    if getattr(node, "test_metadata", None) is None:
        return f"singular:{node.name}"
    attached = node.attached_node or (node.depends_on.nodes[-1] if node.depends_on.nodes else "")
    parts = attached.split(".")
    of = ".".join(parts[-2:]) if attached.startswith("source.") else parts[-1]
    return f"generic:{of}.{node.column_name or ''}.{node.test_metadata.name}"


def _one_line(text: object) -> str:
    line = " ".join(str(text or "").split())
    return line if len(line) <= 400 else line[:397] + "..."


if __name__ == "__main__":
    children.serve(work)
