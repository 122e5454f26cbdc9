"""A backfill's candles: load the archive, build and test as in a daily run.

The run's date is the newest day with prices. How fresh they are is judged as of the end of that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from btc_pipeline.extract import coverage
from btc_pipeline.lake import exceptions
from btc_pipeline.market.days import Span
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe.run_state import CURRENT
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress
from btc_pipeline.transform import dbt_build, judge
from btc_pipeline.verify import stored
from btc_pipeline.warehouse import database_errors, published


@dataclass(frozen=True)
class BuiltHistory:
    """The stamp of the build, the outcome of each test, and the date of the version to be published."""

    stamp: str
    checks: dict[str, str]
    run_date: date


def build(
    settings: Settings,
    workspace: Workspace,
    span: Span,
    fingerprint: str,
    code: tuple[str, str, str, str],
    progress: Progress,
) -> BuiltHistory:
    """Build and test the candles of the whole archive; `progress` is called with how many of dbt's nodes are done.

    `code` is the hash of the models, of what makes the points, of the gate, and of what unpacks and judges answers.

    Raises:
        TransformationError, CandleTestError: as in a daily run.
    """
    newest = {pair: day for pair in settings.pairs if (day := _newest_day(settings, workspace, pair, span))}
    run_date = max(newest.values(), default=span.last)
    pairs = tuple(pair for pair, day in newest.items() if day == run_date)
    step = f"Backfill_{span.first}_{span.last}"
    pairs = pairs or settings.pairs
    models, points, gate, answers = code
    wanted = dbt_build.Build(
        *(step, run_date, fingerprint, models, pairs), run=CURRENT.run, points=points, gate=gate, answers=answers
    )
    built = dbt_build.build(settings, workspace, wanted, progress)
    checks = judge.judge(settings, workspace, built.stamp)
    return BuiltHistory(built.stamp, checks, max(run_date, _published_date(workspace) or run_date))


def _newest_day(settings: Settings, workspace: Workspace, pair: Pair, span: Span) -> date | None:
    """The newest day of the span that has a price."""
    _, used = coverage.covering(settings, workspace, pair, span)
    ledger = exceptions.read(workspace.raw)
    charts = (stored.judge(workspace.raw, entry, ledger, takes_empty=True).chart for entry in used)
    newest = [chart.newest_at for chart in charts if chart]
    return min(max(newest).date(), span.last) if newest else None


def _published_date(workspace: Workspace) -> date | None:
    try:
        return date.fromisoformat(published.publication(workspace.published)["run_date"])
    except (FileNotFoundError, database_errors.DatabaseError):
        return None
