"""Transform and test: one dbt build in a process of its own, and the judgement of what it tested.

The parent's side of the dbt process. Imports nothing of dbt.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from btc_pipeline.errors import CandleTestError, TransformationError
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import log
from btc_pipeline.settings.reader import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import child_process, files, prestarted
from btc_pipeline.system.child_process import Progress
from btc_pipeline.targets.marker import DuckDBTarget, new_stamp
from btc_pipeline.transform import declared_tests, loader, unit_test_results

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
PREPARED = PROJECT / "target" / "prepared"
_DEADLINE_SECONDS = 1800.0

Node = dict[str, Any]


@dataclass(frozen=True)
class Build:
    """What a build vouches for when it has replaced `daily_candlestick`, and the hash of the models that did.

    The run asks for `pairs`: how fresh their prices are is a test. Without them it asks for all. Answers that were
    extracted after `until` are left out, where it is given.
    """

    target: DuckDBTarget
    built_from: str
    pairs: tuple[Pair, ...] = ()
    until: datetime | None = None


def start_ahead(settings: Settings, workspace: Workspace) -> None:
    """Let dbt's imports and its parsing go on beside the step that is at work."""
    prestarted.start(*_dbt(settings, workspace))


def build(settings: Settings, workspace: Workspace, build: Build, progress: Progress | None = None) -> dict[str, Any]:
    """Load new answers from the archive, build the models and run their tests; keep what the tests came to.

    `progress` is told how many of dbt's nodes are done. Returns:
        Facts: answers loaded, models built, tests run.

    Raises:
        TransformationError: a model could not be built.
        CandleTestError: a test failed that a later model depends on.
    """
    stamp = new_stamp()
    unit_tested = unit_test_results.known(workspace.dbt_target, build.built_from)
    job = {
        "command": "build",
        "is_unit_tested": bool(unit_tested),
        "raw": str(workspace.raw),
        "published": str(workspace.published),
        "ledger": str(workspace.revisions),
        "failures": str(workspace.failures),
        "scratch": str(workspace.temporary),
        "provenance": settings.provenance,
        "built_from": build.built_from,
        "step": build.target.step,
        "day": build.target.day.isoformat(),
        "pairs": build.pairs or settings.pairs,
        "repeat_hours": settings.repeat_hours,
        "as_of": (build.until or settings.instant()).replace(tzinfo=None).isoformat(),
        "until": build.until.isoformat() if build.until else "",
        "fingerprint": build.target.fingerprint,
        "stamp": stamp,
    }
    workspace.test_results.unlink(missing_ok=True)
    result = _run(settings, workspace, job, TransformationError, progress)
    for note in result["notes"]:
        log.warning("Transform %s", note)
    nodes: list[Node] = result["nodes"]
    broken = [node for node in nodes if node["kind"] not in {"test", "unit_test"} and node["status"] == "error"]
    if broken:
        raise TransformationError(
            f"model {broken[0]['name']} could not be built: {broken[0]['message']}",
            "mend the model; `dbt build` works by hand in dbt_project/",
        )
    tests = [node for node in nodes if node["kind"] in {"test", "unit_test"}]
    models = sum(node["kind"] == "model" for node in nodes)
    unit_test_results.remember(workspace.dbt_target, build.built_from, tests)
    if any(node["status"] == "skipped" for node in nodes):
        _raise_for_failures(tests)
    files.write_json(workspace.test_results, {"stamp": stamp, "tests": tests + unit_tested})
    files.link(workspace.data_dir / "latest", workspace.source, workspace.temporary)
    return {"loaded": result["loaded"], "models": models, "tests": len(tests)}


def judge(settings: Settings, workspace: Workspace, table: DuckDBTarget) -> dict[str, str]:
    """Judge the tests of the build that made the table; where they were judged before, run them again.

    Returns:
        The outcome of each test: `pass` or `warn`.

    Raises:
        CandleTestError: a test failed, or the tests that ran are not the tests that are declared. The table is
            distrusted then: the next run builds it anew from the archive.
    """
    tests = _results_of(workspace, table.newest_stamp())
    workspace.test_results.unlink(missing_ok=True)
    if tests is None:
        tests = _run(settings, workspace, {"command": "test", "is_unit_tested": False}, CandleTestError)["nodes"]
    try:
        _raise_for_failures(tests)
        take_census(tests)
    except CandleTestError:
        unit_test_results.forget(workspace.dbt_target)
        loader.distrust(workspace.work)
        raise
    return {test["name"]: test["status"] for test in tests}


def judge_copies(settings: Settings, workspace: Workspace, copies: Sequence[child_process.Json]) -> list[list[Node]]:
    """Put each copy (`path`, and the `command`, `build` or `test`) in the place of dbt's database and run dbt.

    For the self-test: the database is spent afterwards.

    Returns:
        For each copy what its nodes came to.
    """
    result = _run(settings, workspace, {"copies": list(copies)}, CandleTestError)
    outcomes: list[list[Node]] = result["outcomes"]
    return outcomes


def _results_of(workspace: Workspace, stamp: str) -> list[Node] | None:
    try:
        results = json.loads(workspace.test_results.read_bytes())
        tests = results["tests"] if results["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return tests if isinstance(tests, list) else None


def _raise_for_failures(tests: Sequence[Node]) -> None:
    failed = [test for test in tests if test["status"] not in {"pass", "success", "warn"}]
    failed.sort(key=lambda test: test["status"] == "skipped")
    if failed:
        worst = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise CandleTestError(
            f"test {worst['name']} came to {worst['status']}: {worst['message'] or 'no message'}{more};"
            " the published table and the chart stay as they were",
            "look at the rows: `dbt build --store-failures` by hand in dbt_project/",
        )


def take_census(tests: Sequence[Node]) -> None:
    """Compare the tests that ran with those that the project declares.

    Raises:
        CandleTestError: names what did not run, and what is not declared.
    """
    declared, executed = declared_tests.declared(PROJECT), Counter(test["name"] for test in tests)
    if declared != executed:
        missing = sorted((declared - executed).elements())
        unknown = sorted((executed - declared).elements())
        raise CandleTestError(
            "the census does not agree: a test that did not run counts as failed",
            "mend what the test refers to",
            declared=declared.total(),
            executed=executed.total(),
            not_run=",".join(missing) or "none",
            not_declared=",".join(unknown) or "none",
        )


def _dbt(settings: Settings, workspace: Workspace) -> tuple[str, Path, child_process.Json]:
    """The dbt process of a workspace: its module, its log and what it prepares."""
    if not workspace.dbt_target.exists() and PREPARED.exists():
        shutil.copytree(PREPARED, workspace.dbt_target)
    preparation = {
        "project": str(PROJECT),
        "target": str(workspace.dbt_target),
        "logs": str(workspace.logs / "dbt"),
        "database": str(workspace.work),
        "vars": json.dumps(settings.dbt_vars),
    }
    return "btc_pipeline.transform.dbt_process", workspace.logs / "dbt.log", preparation


def _run(
    settings: Settings,
    workspace: Workspace,
    job: child_process.Json,
    error_class: type[TransformationError] | type[CandleTestError],
    progress: Progress | None = None,
) -> child_process.Json:
    dbt = prestarted.take(*_dbt(settings, workspace))
    try:
        result = dbt.work(job, _DEADLINE_SECONDS, child_process.passed_on(progress) if progress else None)
    except child_process.ChildError as error:
        raise error_class(f"dbt ended without a result: {error.reason}", f"read {error.log}") from None
    if "error" in result:
        raise error_class(str(result["error"]), f"read {dbt.log}")
    return result
