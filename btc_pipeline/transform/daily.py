"""The build of a daily run: all coins that have an answer, and what becomes of a coin whose answer is quarantined.

Imports nothing of dbt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from btc_pipeline.errors import VerificationError
from btc_pipeline.lake import exceptions, failed_runs
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress
from btc_pipeline.targets.extraction import DayRecord, Skipped
from btc_pipeline.transform import dbt_build


def build(
    settings: Settings, workspace: Workspace, wanted: dbt_build.Build, record: DayRecord, progress: Progress
) -> dict[str, Any]:
    """Build the models for the pairs of the record of the day; returns facts.

    A pair whose answer is quarantined loses it: the record says why, and the next run requests it again.

    Raises:
        TransformationError, CandleTestError: as `dbt_build.build` does.
        VerificationError: no answer of the day is left. It is the first one's error.
    """
    charts = record.charts()
    pairs = tuple(pair for pair in settings.pairs if str(pair) in charts)
    built = dbt_build.build(settings, workspace, replace(wanted, pairs=pairs), progress)
    _hold_back(settings, workspace, wanted.day, record, built.decisions)
    return built.facts


def _hold_back(
    settings: Settings,
    workspace: Workspace,
    day: date,
    record: DayRecord,
    decisions: Sequence[exceptions.AnswerDecision],
) -> None:
    pairs = {file: Pair.of(name) for name, file in record.charts().items()}
    held_back: list[VerificationError] = []
    for each in decisions:
        if each.action == exceptions.QUARANTINED and each.archive_file in pairs:
            pair = pairs[each.archive_file]
            error = VerificationError(
                f"the answer of {pair} for {day} is quarantined: {each.reason}, file {each.archive_file}",
                "run it again: it requests a new answer; `btc-pipeline answers` lists what is quarantined",
            )
            record.reject(pair, Skipped.by(error, record.run))
            failed_runs.keep(workspace.failures, settings, day, "Transform", error, [pair])
            log.warning("Transform goes on without %s: %s", pair, error.what)
            held_back.append(error)
    if held_back and not record.charts():
        raise held_back[0]
