"""The dbt process: loads new answers, runs one dbt command, and returns the outcome of each node.

Runs as `python -m btc_pipeline.transform.dbt_process` and serves one job; `dbt_build` is the other side. Nothing
else may import it: dbt's imports, memory and locks end with this process.

Preparation: `project`, `target`, `logs` (folders), `database`, `vars` (JSON). Job: `command` (`build` or `test`),
`is_unit_tested` (skip the unit tests), and for `build` what `loader.Load` takes, and `run`, the id under which answers
may be quarantined; empty: none may. Result: `{"nodes": […], "loaded": n, "notes": […], "decisions": […]}` or
`{"error": "…"}`.

The self-test sends another job: `copies`, each a `path` and a `command`. Its result is `{"outcomes": [nodes, …]}`.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.errors import PipelineError
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.system import child_process
from btc_pipeline.transform import failing_rows, loader, meanings, quarantine
from btc_pipeline.warehouse import duckdb_files

_BUILDS = 3
"""How often a job builds at most: each time without the answers that the failed tests have led to."""


class Dbt:
    """dbt, imported, with the project parsed; `error` says why if that failed."""

    def __init__(self, preparation: child_process.Json) -> None:
        self.database = Path(preparation["database"])
        gc.disable()  # the process is short; garbage collection costs a tenth of its time
        from dbt.cli.main import dbtRunner

        # dbt parses everything again if the profile's environment has changed: so all workspaces have the same path
        self.database.parent.mkdir(parents=True, exist_ok=True)
        os.chdir(self.database.parent)
        os.environ["BTC_PIPELINE_DATABASE"] = self.database.name
        os.environ["BTC_PIPELINE_DUCKDB_THREADS"] = str(duckdb_files.threads())
        self._folders = [
            *("--project-dir", preparation["project"], "--profiles-dir", preparation["project"]),
            *("--target-path", preparation["target"], "--target", "pipeline"),
            *("--vars", preparation["vars"]),
        ]
        self._logs = preparation["logs"]
        self._runner = dbtRunner
        parsed = self._invoke("parse", None)
        self._manifest = parsed.result if parsed.success else None
        self.error = "" if parsed.success else f"dbt parse: {_one_line(parsed.exception)}"

    def nodes(self, command: str, *, is_unit_tested: bool) -> list[Any] | str:
        """Run `build` or `test`; returns each node's result, or an error text."""
        chosen = ["--exclude-resource-type", "unit_test"] * is_unit_tested
        unit_tests = 0 if is_unit_tested or self._manifest is None else len(self._manifest.unit_tests)
        outcome = self._invoke(command, self._manifest, *chosen, callback=_counter(unit_tests))
        freshness = self._invoke("source freshness", self._manifest)
        self._close()
        results = getattr(outcome.result, "results", None)
        if results is None:
            return f"dbt {command}: {_one_line(outcome.exception)}"
        return [*results, *(getattr(freshness.result, "results", None) or [])]

    @staticmethod
    def _close() -> None:
        """Close the database that dbt keeps open, which checkpoints it: this process ends without dbt's clean-up."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()

    def _invoke(
        self, command: str, manifest: Any, *selection: str, callback: Callable[[Any], None] | None = None
    ) -> Any:
        # Without its terminal log dbt takes a tenth less time: it would format each event and show none
        quiet = ["--log-level", "none", "--log-level-file", "warn", "--log-path", self._logs, "--no-use-colors"]
        options = [] if command == "parse" else ["--no-populate-cache", "--no-write-json"]
        runner = self._runner(manifest=manifest, callbacks=[callback] if callback else [])
        return runner.invoke([*quiet, *options, *command.split(), *self._folders, *selection])


def work(dbt: Dbt, job: child_process.Json) -> child_process.Json:
    """Load, if the command is `build`, then run dbt."""
    if dbt.error:
        return {"error": dbt.error}
    if "copies" in job:
        return _outcomes_of_copies(dbt, job["copies"])
    if job["command"] == "build":
        return _build(dbt, job)
    nodes = dbt.nodes(job["command"], is_unit_tested=job["is_unit_tested"])
    if isinstance(nodes, str):
        return {"error": nodes}
    return {"nodes": _outcomes(dbt, nodes), "loaded": 0, "notes": []}


def _build(dbt: Dbt, job: child_process.Json) -> child_process.Json:
    """Load and build; if a failed test is led back to answers, build again without them."""
    loaded, notes, decisions = 0, list[str](), list[exceptions.AnswerDecision]()
    unit_tests: list[dict[str, Any]] = []
    for build in range(1, _BUILDS + 1):
        try:
            new, more = loader.load(_load(dbt.database, job))
        except (duckdb_files.DatabaseError, OSError) as error:
            return {"error": f"the archive cannot be loaded: {error}"}
        except PipelineError as error:
            return {"error": str(error)}
        loaded, notes = loaded + new, [*notes, *(note for note in more if note not in notes)]
        nodes = dbt.nodes("build", is_unit_tested=job["is_unit_tested"] or build > 1)
        if isinstance(nodes, str):
            return {"error": nodes}
        outcomes = [*_outcomes(dbt, nodes), *unit_tests]
        unit_tests = [node for node in outcomes if node["kind"] == "unit_test"]
        if not job["run"] or build == _BUILDS or not (failed := _failed_for_answers(nodes)):
            break
        try:
            as_of = datetime.fromisoformat(job["as_of"]).replace(tzinfo=timezone.utc)
            decided = quarantine.decide(dbt.database, Path(job["raw"]), failed, as_of, job["run"])
        except (PipelineError, duckdb_files.AnyError, duckdb_files.DatabaseError, OSError) as error:
            return {"error": f"the answers of {failed[0].name} cannot be found: {error}"}
        if not decided:
            break
        decisions += decided
        job = job | {"pairs": _without_quarantined(job, decisions)}
    return {
        "nodes": outcomes,
        "loaded": loaded,
        "notes": notes,
        "decisions": [asdict(each) | {"decided_at": each.decided_at.isoformat()} for each in decisions],
    }


def _failed_for_answers(nodes: list[Any]) -> list[quarantine.FailedTest]:
    """The failed tests whose rows are led back to answers."""
    failed = [result for result in nodes if str(getattr(result.status, "value", result.status)) == "fail"]
    return [
        quarantine.FailedTest(each.node.name, each.node.compiled_code, bool(meta.get("is_confirmable")))
        for each in failed
        if (meta := each.node.config.meta).get("failure") == meanings.ANSWER
    ]


def _without_quarantined(job: child_process.Json, decisions: list[exceptions.AnswerDecision]) -> list[list[str]]:
    """The pairs of the run whose hourly answer of its day is not in quarantine now; all, if none is left."""
    held_back = {
        (entry.request.coin_id, entry.request.vs_currency)
        for each in decisions
        if each.action == exceptions.QUARANTINED
        and (entry := raw_archive.entry(Path(job["raw"]), each.archive_file)).request.stream == MARKET_CHART
        and entry.request.date.isoformat() == job["day"]
    }
    left = [list(pair) for pair in job["pairs"] if tuple(pair) not in held_back]
    return left or job["pairs"]


def _outcomes(dbt: Dbt, nodes: list[Any]) -> list[dict[str, Any]]:
    """The outcome of each node; of a failed test also its places."""
    found = [_node(result) for result in nodes]
    for node, result in zip(found, nodes, strict=True):
        if node["kind"] == "test" and node["status"] == "fail":
            node["places"] = _places(dbt.database, result.node.compiled_code)
    return found


def _places(database: Path, test: str) -> list[failing_rows.Place] | None:
    """The coins and days that a failed test is about, by its SQL; None if it does not say."""
    try:
        with duckdb_files.opened(database, read_only=True) as connection:
            return failing_rows.places(connection, test) or None
    except (duckdb_files.AnyError, duckdb_files.DatabaseError, OSError):  # the test's own outcome counts
        return None


def _outcomes_of_copies(dbt: Dbt, copies: list[child_process.Json]) -> child_process.Json:
    """Run dbt on one database after the other, each in the place of the real one for that time."""
    outcomes = []
    for copy in copies:
        Path(copy["path"]).replace(dbt.database)
        nodes = dbt.nodes(copy["command"], is_unit_tested=True)
        if isinstance(nodes, str):
            return {"error": nodes}
        outcomes.append(_outcomes(dbt, nodes))
        dbt.database.replace(copy["path"])
    return {"outcomes": outcomes}


def _counter(unit_tests: int) -> Callable[[Any], None]:
    """A listener to dbt's events that reports how many nodes are finished. dbt's total lacks the unit tests."""
    done = total = 0

    def note(event: Any) -> None:
        nonlocal done, total
        if event.info.name == "ConcurrencyLine":
            total = event.data.node_count + unit_tests
        elif event.info.name == "NodeFinished":
            done += 1
            child_process.send_progress(done, total, event.data.node_info.node_name)

    return note


def _load(database: Path, job: child_process.Json) -> loader.Load:
    return loader.Load(
        database=database,
        raw=Path(job["raw"]),
        published=Path(job["published"]),
        ledger=Path(job["ledger"]),
        failures=Path(job["failures"]),
        scratch=Path(job["scratch"]),
        provenance=job["provenance"],
        built_from=job["built_from"],
        step=job["step"],
        day=job["day"],
        pairs=tuple(Pair(*pair) for pair in job["pairs"]),
        wanted=tuple(Pair(*pair) for pair in job["wanted"]),
        repeat_hours=job["repeat_hours"],
        as_of=job["as_of"],
        until=job["until"],
        decisions=job["decisions"],
        fingerprint=job["fingerprint"],
        stamp=job["stamp"],
    )


def _node(result: Any) -> dict[str, Any]:
    """One node's outcome; a test has the name that `declared_tests` gives it."""
    node = result.node
    kind = str(getattr(node.resource_type, "value", node.resource_type))
    if kind == "source":
        return _freshness(result)
    outcome = {
        "kind": kind,
        "name": _test_name(node) if kind == "test" else f"unit:{node.name}" if kind == "unit_test" else node.name,
        "status": str(getattr(result.status, "value", result.status)),
        "failures": result.failures,
        "message": _one_line(result.message),
    }
    if kind == "test":
        config = node.config
        outcome |= {"meaning": str(config.meta.get("failure", "")), "severity": str(config.severity).lower()}
    return outcome


def _freshness(result: Any) -> dict[str, Any]:
    """How old the newest price of a source is; counts as a test."""
    age = getattr(result, "age", None)
    return {
        "kind": "test",
        "name": f"freshness:{result.node.source_name}.{result.node.name}",
        "status": str(getattr(result.status, "value", result.status)),
        "failures": None,
        "message": _one_line(result.message) or (f"the newest price is {age / 3600:.1f} hours old" if age else ""),
        "places": [],  # the answers are old, and no day of them is wrong
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
    child_process.serve(Dbt, work)
