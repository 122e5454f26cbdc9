"""The one place that starts dbt: a process of its own, which can be started before its job is known.

The parent's side of `dbt_process`. Imports nothing of dbt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from btc_pipeline.errors import CandleTestError, TransformationError
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import child_process, os_advice, prestarted
from btc_pipeline.system.child_process import Progress
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import prepared
from btc_pipeline.transform.nodes import Node

_DEADLINE_SECONDS = 1800.0


def start_ahead(settings: Settings, workspace: Workspace) -> None:
    """Start dbt's process now, so that it imports and parses while the current step works."""
    prestarted.start(*_dbt(settings, workspace))


def run(
    settings: Settings,
    workspace: Workspace,
    job: child_process.Json,
    error_class: type[TransformationError] | type[CandleTestError],
    progress: Progress | None = None,
) -> child_process.Json:
    """Give dbt a job; `progress` is called with how many of its nodes are done.

    Raises:
        PipelineError: of `error_class`, if dbt ended without a result, or with an error of its own.
    """
    dbt = prestarted.take(*_dbt(settings, workspace))
    try:
        result = dbt.work(job, _DEADLINE_SECONDS, child_process.passed_on(progress) if progress else None)
    except child_process.ChildError as error:
        raise error_class(f"dbt ended without a result: {error.reason}", error.advice) from None
    if "error" in result:
        raise error_class(str(result["error"]), os_advice.of(str(result["error"]), f"read {dbt.log}"))
    return result


def judge_copies(settings: Settings, workspace: Workspace, copies: Sequence[child_process.Json]) -> list[list[Node]]:
    """Put each copy (`path`, and the `command`, `build` or `test`) in the place of dbt's database and run dbt.

    For the self-test only: dbt's own database is gone afterwards. The copies lie where they were, as dbt left them.

    Returns:
        For each copy the outcomes of its nodes.
    """
    result = run(settings, workspace, {"copies": list(copies)}, CandleTestError)
    outcomes: list[list[Node]] = result["outcomes"]
    return outcomes


def _dbt(settings: Settings, workspace: Workspace) -> tuple[str, Path, child_process.Json]:
    """The dbt process of a workspace: its module, its log and what it prepares."""
    prepared.bring(settings.data_dir, workspace)
    preparation = {
        "project": str(DBT_PROJECT),
        "target": str(workspace.dbt_target),
        "logs": str(workspace.logs / "dbt"),
        "database": str(workspace.work),
        "vars": json.dumps(settings.dbt_vars),
    }
    return "btc_pipeline.transform.dbt_process", workspace.logs / "dbt.log", preparation
