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

from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.errors import PipelineError
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.system import child_process
from btc_pipeline.transform import days_under_test, loader, meanings, quarantine, slices, tables
from btc_pipeline.transform.dbt_session import Dbt, DbtError
from btc_pipeline.transform.nodes import Node
from btc_pipeline.warehouse import database_errors, duckdb_files

_BUILDS = 3
"""How often a job builds at most: each time without the answers that the failed tests have led to."""


def work(dbt: Dbt, job: child_process.Json) -> child_process.Json:
    """Load, if the command is `build`, then run dbt."""
    if dbt.error:
        return {"error": dbt.error}
    try:
        if "copies" in job:
            return _outcomes_of_copies(dbt, job["copies"])
        if job["command"] == "build":
            return _build(dbt, job)
        return {"nodes": dbt.test(is_unit_tested=job["is_unit_tested"]), "loaded": 0, "notes": []}
    except (DbtError, database_errors.DatabaseError, OSError) as error:
        return {"error": str(error)}


def _build(dbt: Dbt, job: child_process.Json) -> child_process.Json:
    """Load and build; if a failed test is led back to answers, build again without them."""
    loaded, notes, decisions = 0, list[str](), list[exceptions.AnswerDecision]()
    unit_tests: list[Node] = []
    for build in range(1, _BUILDS + 1):
        try:
            new, more = loader.load(_load(dbt.database, job))
        except (database_errors.DatabaseError, OSError) as error:
            return {"error": f"the archive cannot be loaded: {error}"}
        except PipelineError as error:
            return {"error": str(error)}
        loaded, notes = loaded + new, [*notes, *(note for note in more if note not in notes)]
        slices.build(dbt.database, dbt.run, child_process.send_progress)
        nodes = [*dbt.build(is_unit_tested=job["is_unit_tested"] or build > 1), *unit_tests]
        unit_tests = [node for node in nodes if node["kind"] == "unit_test"]
        if not job["run"] or build == _BUILDS or not (failed := _failed_for_answers(dbt, nodes)):
            break
        try:
            as_of = datetime.fromisoformat(job["as_of"]).replace(tzinfo=timezone.utc)
            decided = quarantine.decide(dbt.database, Path(job["raw"]), failed, as_of, job["run"])
        except (PipelineError, duckdb_files.AnyError, database_errors.DatabaseError, OSError) as error:
            return {"error": f"the answers of {failed[0].name} cannot be found: {error}"}
        if not decided:
            break
        decisions += decided
        job = job | {"pairs": _without_quarantined(job, decisions)}
    try:
        _mark(dbt.database, nodes)
    except (duckdb_files.AnyError, database_errors.DatabaseError, OSError) as error:
        return {"error": f"the build cannot be marked as complete: {error}"}
    return {
        "nodes": nodes,
        "loaded": loaded,
        "notes": notes,
        "decisions": [asdict(each) | {"decided_at": each.decided_at.isoformat()} for each in decisions],
    }


def _mark(database: Path, nodes: list[Node]) -> None:
    """Mark the step as complete if all models were built, whatever the tests say: the step Test judges them.

    Last of all: after a kill before, the next run builds again, and may quarantine what this one could not.
    """
    built = [node["status"] for node in nodes if node["kind"] in {"model", "seed"}]
    if set(built) == {"success"}:
        with duckdb_files.opened(database, read_only=False) as connection:
            tables.mark(connection)


def _failed_for_answers(dbt: Dbt, nodes: list[Node]) -> list[quarantine.FailedTest]:
    """The failed tests whose rows are led back to answers."""
    failed = {node["name"] for node in nodes if node["kind"] == "test" and node["status"] == "fail"}
    return [
        quarantine.FailedTest(test.short_name, test.sql, test.is_confirmable)
        for test in dbt.tests()
        if test.name in failed and test.meaning == meanings.ANSWER
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


def _outcomes_of_copies(dbt: Dbt, copies: list[child_process.Json]) -> child_process.Json:
    """Run dbt on one database after the other, each in the place of the real one for that time; test all days."""
    outcomes = []
    for copy in copies:
        Path(copy["path"]).replace(dbt.database)
        with duckdb_files.opened(dbt.database, read_only=False) as connection:
            days_under_test.forget(connection)
        run = dbt.build if copy["command"] == "build" else dbt.test
        outcomes.append(run(is_unit_tested=True))
        dbt.database.replace(copy["path"])
    return {"outcomes": outcomes}


def _load(database: Path, job: child_process.Json) -> loader.Load:
    return loader.Load(
        database=database,
        raw=Path(job["raw"]),
        compacted=Path(job["compacted"]),
        published=Path(job["published"]),
        ledger=Path(job["ledger"]),
        failures=Path(job["failures"]),
        proofs=Path(job["proofs"]),
        proof=job["proof"],
        scratch=Path(job["scratch"]),
        provenance=job["provenance"],
        points=job["points"],
        answers_by=job["answers_by"],
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


if __name__ == "__main__":
    child_process.serve(Dbt, work)
