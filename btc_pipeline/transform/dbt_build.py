"""Transform: the archive's new answers are loaded, dbt builds the models, and its tests run, in one process.

Imports nothing of dbt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from btc_pipeline.errors import TransformationError
from btc_pipeline.lake import exceptions
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import os_advice, records
from btc_pipeline.system.child_process import Progress
from btc_pipeline.system.project import IS_INSTALLED
from btc_pipeline.targets.stamp import new_stamp
from btc_pipeline.transform import compacted, dbt_runner, judge, prepared, second_look, unit_test_results
from btc_pipeline.transform.nodes import Node
from btc_pipeline.warehouse import database_errors, duckdb_files, duckdb_release, held, published


@dataclass(frozen=True)
class Build:
    """What a build is for: the marker row of a step and day, with its fingerprint, and the hash of the models.

    `points` is the hash of what makes the stored points: if it is that of the last build, they are kept.
    `pairs` are those that the run requests, by default all: a test checks how fresh their prices are. If `until` is
    given, answers that were extracted after it, and exceptions that were decided after it, are skipped. `decisions` is
    the number of the last exception to apply, by default the last one. If `run` is given, the id of a run, the build
    may quarantine answers; with `gate`, the hash of the gate's code, also those that a stricter gate refuses. `answers`
    is the hash of the code that unpacks and judges answers: with it many answers may be taken from those that the last
    proof has compacted. `proof` is the name of the proof whose days are not reproduced, by default the newest one.
    """

    step: str
    day: date
    fingerprint: str
    built_from: str
    pairs: tuple[Pair, ...] = ()
    until: datetime | None = None
    decisions: int | None = None
    run: str = ""
    points: str = ""
    gate: str = ""
    answers: str = ""
    proof: str | None = None


@dataclass(frozen=True)
class Built:
    """The result of a build: its stamp, facts (answers loaded, models built, tests run), and new exceptions."""

    stamp: str
    facts: dict[str, Any]
    decisions: tuple[exceptions.AnswerDecision, ...] = ()


def build(settings: Settings, workspace: Workspace, build: Build, progress: Progress | None = None) -> Built:
    """Load new answers from the archive, build the models and run their tests; keep the outcomes of the tests.

    `progress` is called with how many of dbt's nodes are done.

    Raises:
        TransformationError: a model could not be built, or another program has the published file open for writing.
        CandleTestError: a test failed, and a model could not be built of its rows.
    """
    if duckdb_release.crashes_with_threads(duckdb_files.VERSION):
        log.warning(
            "DuckDB %s can crash on a long history, so it works with one thread. Next: %s",
            duckdb_files.VERSION,
            duckdb_release.HOW_TO_OVERRIDE,
        )
    held.wait_until_free(workspace.published, TransformationError)
    _check_ledger(workspace)
    seen = _look_again(settings, workspace, build)
    stamp = new_stamp()
    unit_tested = unit_test_results.known(workspace.dbt_target, build.built_from)
    job = {
        "command": "build",
        "is_unit_tested": bool(unit_tested),
        "raw": str(workspace.raw),
        "compacted": str(workspace.compacted),
        "published": str(workspace.published),
        "ledger": str(workspace.revisions),
        "failures": str(workspace.failures),
        "proofs": str(workspace.proofs),
        "proof": build.proof,
        "scratch": str(workspace.temporary),
        "provenance": settings.provenance,
        "points": build.points or build.built_from,
        "answers_by": compacted.made_by(settings, build.answers) if build.answers else "",
        "built_from": build.built_from,
        "step": build.step,
        "day": build.day.isoformat(),
        "pairs": build.pairs or settings.pairs,
        "wanted": settings.pairs,
        "repeat_hours": settings.repeat_hours,
        "as_of": (build.until or settings.instant()).replace(tzinfo=None).isoformat(),
        "until": build.until.isoformat() if build.until else "",
        "decisions": build.decisions,
        "run": build.run,
        "fingerprint": build.fingerprint,
        "stamp": stamp,
    }
    workspace.test_results.unlink(missing_ok=True)
    result = dbt_runner.run(settings, workspace, job, TransformationError, progress)
    for note in result["notes"]:
        log.warning("Transform %s", note)
    nodes: list[Node] = result["nodes"]
    broken = [node for node in nodes if node["kind"] not in {"test", "unit_test"} and node["status"] == "error"]
    if broken:
        raise TransformationError(
            f"model {broken[0]['name']} could not be built: {broken[0]['message']}",
            os_advice.of(broken[0]["message"], "correct the model; `dbt build` works by hand in dbt_project/"),
        )
    tests = [node for node in nodes if node["kind"] in {"test", "unit_test"}]
    models = sum(node["kind"] == "model" for node in nodes)
    unit_test_results.remember(workspace.dbt_target, build.built_from, tests)
    if IS_INSTALLED:
        prepared.keep(settings.data_dir, workspace, build.built_from)
    if any(node["status"] == "skipped" for node in nodes):
        judge.distrust(workspace, tests)
        judge.raise_for_failures(tests)
    records.write(workspace.test_results, {"stamp": stamp, "tests": tests + unit_tested})
    facts = {"loaded": result["loaded"], "models": models, "tests": len(tests)}
    if seen.answers:
        facts["looked_again"] = seen.answers
    decisions = tuple(
        exceptions.AnswerDecision(**each | {"decided_at": datetime.fromisoformat(each["decided_at"])})
        for each in result["decisions"]
    )
    for each in decisions:
        log.warning("Transform %s %s: %s", each.action, each.archive_file, each.reason)
    decisions = (*seen.decisions, *decisions)
    for action in sorted({each.action for each in decisions}):
        facts[action] = sum(each.action == action for each in decisions)
    return Built(stamp, facts, decisions)


def _look_again(settings: Settings, workspace: Workspace, build: Build) -> second_look.Seen:
    """Let a gate that has changed look at the archive; say what it found."""
    if not (build.run and build.gate):
        return second_look.Seen()
    look = second_look.Look(
        raw=workspace.raw,
        database=workspace.work,
        published=workspace.published,
        provenance=settings.provenance,
        code=build.gate,
        repeat_hours=settings.repeat_hours,
        decided_at=build.until or settings.instant(),
        run=build.run,
    )
    seen = second_look.look_again(look)
    if seen.answers:
        say = log.warning if seen.decisions else log.info
        say(
            "Transform the gate has changed: it looked again at %d answers and refuses %d of them%s",
            seen.answers,
            len(seen.decisions),
            ", which are quarantined; btc-pipeline answers lists them" if seen.decisions else "",
        )
    return seen


def _check_ledger(workspace: Workspace) -> None:
    """Check that the ledger of exceptions still has what the published version has applied.

    Raises:
        TransformationError: it is lost, or damaged.
    """
    try:
        about = published.publication(workspace.published)
    except (FileNotFoundError, database_errors.DatabaseError):
        return
    exceptions.read(workspace.raw).check_it_has(about.get("exceptions", exceptions.NONE_APPLIED))
