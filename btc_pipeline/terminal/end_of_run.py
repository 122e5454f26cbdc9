"""What a run says at its end: the summary on standard output, or, if it failed, how far it got.

Comes after all lines of the steps, when the process ends. Whatever goes wrong here, the run's exit code stays.
"""

from __future__ import annotations

import atexit
import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from btc_pipeline.errors import PipelineError
from btc_pipeline.observe import log
from btc_pipeline.observe.run_state import CURRENT
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import database_errors

if TYPE_CHECKING:
    from btc_pipeline.terminal.summary import Run

Days = tuple[date, date]
"""A first and a last one."""


class Steps(NamedTuple):
    """The names of a run's steps in order, and which of them are its last ones."""

    chain: Sequence[str]
    ends: Sequence[str]


def prepare(settings: Settings, workspace: Workspace, steps: Steps, span: Days | None = None) -> None:
    """The run begins to work: at its end, show what it has done.

    Args:
        settings: of the run.
        workspace: where its files lie.
        steps: of the run.
        span: the days of a backfill.
    """
    atexit.register(_show_end, settings, workspace, steps, span)


def show(settings: Settings, workspace: Workspace, run: Run) -> None:
    """Write the summary of a run, as `[pipeline] summary` says."""
    if settings.summary == "none":
        return
    from btc_pipeline.terminal import stdout, summary, summary_text

    try:
        of_run = summary.of_run(settings, workspace, run)
        if settings.summary == "json":
            stdout.write_text(json.dumps(summary.as_json(of_run)))
        else:
            stdout.write(summary_text.lines(of_run, stdout.screen()))
    except (PipelineError, database_errors.DatabaseError, OSError) as error:
        log.warning("the summary cannot be shown: %s", error)


def _show_end(settings: Settings, workspace: Workspace, steps: Steps, span: Days | None) -> None:
    from btc_pipeline.terminal import summary

    day = CURRENT.newest_day(*steps.ends)
    if day is not None:
        show(
            settings,
            workspace,
            summary.Run.of_span(day, *span, steps.chain) if span else summary.Run.of_day(settings, day, steps.chain),
        )
        return
    failed = [each.step for each in CURRENT.failed if not each.pair]
    if failed:
        done = ", ".join(f"{each.step} in {each.seconds:.2f} s" for each in CURRENT.done) or "nothing"
        chart = summary.newest_chart(workspace, settings.pairs)
        kept = f"; the last good chart is still there: {summary.near(chart)}" if chart else ""
        log.info("%s failed; done before it: %s%s", failed[0], done, kept)
