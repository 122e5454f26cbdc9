"""Drawing a run's charts, and writing its report, from the published database: the parent's side of `process`.

Imports nothing of matplotlib, pandas and mplfinance. How a chart looks is the subject of `chart`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from btc_pipeline.errors import VisualizationError
from btc_pipeline.market.days import Span
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import child_process, os_advice, prestarted
from btc_pipeline.system.child_process import Progress

_DEADLINE_SECONDS = 600.0


def start_ahead(workspace: Workspace) -> None:
    """Let the imports of the drawing process go on beside the step that is at work."""
    prestarted.start(*_process(workspace))


@dataclass(frozen=True)
class Drawn:
    """What was made: a chart for each pair that has a candle, of several a page of all; the report's HTML and JSON."""

    charts: list[Path]
    report: list[Path]


def draw(settings: Settings, workspace: Workspace, day: date, progress: Progress) -> Drawn:
    """Draw one chart for each coin in each currency, of the run's days, and several on one page; write the report.

    `progress` is called with how many of them are done. A pair without a candle has no chart of its own, and an empty
    place on the page.

    Raises:
        VisualizationError: there is no candle to draw, or drawing failed; names the coin.
    """
    charts = {pair: workspace.chart(pair.coin_id, pair.vs_currency, day) for pair in settings.pairs}
    job = {
        "database": str(workspace.published),
        "first_day": (day - timedelta(days=settings.days)).isoformat(),
        "last_day": day.isoformat(),
        "charts": [[*pair, str(path)] for pair, path in charts.items()],
        "overview": str(workspace.overview(day)),
        "chosen": asdict(settings.chart),
        "report": str(workspace.report(day)),
    }
    process = prestarted.take(*_process(workspace))
    try:
        result = process.work(job, _DEADLINE_SECONDS, child_process.passed_on(progress))
    except child_process.ChildError as error:
        raise VisualizationError(f"drawing ended without a result: {error.reason}", error.advice) from None
    if "error" in result:
        raise VisualizationError(result["error"], os_advice.of(result["error"], "run it again"))
    return Drawn(*([Path(path) for path in result[made]] for made in ("drawn", "report")))


def report_of_span(settings: Settings, workspace: Workspace, span: Span) -> list[Path]:
    """Write the report of a backfill from the published database; returns its files, the page first.

    Raises:
        VisualizationError: there is no candle to report, or one cannot be shown.
    """
    from btc_pipeline.visualize.report import write

    path = workspace.span_report(span.first, span.last)
    try:
        return write.write(workspace.published, path, settings.chart.moving_averages)
    except (ValueError, ArithmeticError) as error:
        raise VisualizationError(f"the report of {span} cannot be written: {error}", "run it again") from None


def remove_leftovers(settings: Settings, workspace: Workspace, day: date, before: Iterable[Path]) -> None:
    """Remove the charts of a day that the settings no longer name, by their coins, their formats or the page of all.

    The chart of a coin that the settings name stays, even if this run skipped the coin. `before` are the files that the
    marker of the day's earlier run names; those that are not charts stay, too.
    """
    wanted = [workspace.chart(*pair, day) for pair in settings.pairs]
    if len(wanted) > 1:
        wanted.append(workspace.overview(day))
    kept = {path.with_suffix(f".{name}") for path in wanted for name in settings.chart.formats}
    for path in before:
        if path.parent == wanted[0].parent and path not in kept:
            path.unlink(missing_ok=True)


def _process(workspace: Workspace) -> tuple[str, Path, child_process.Json]:
    return "btc_pipeline.visualize.process", workspace.logs / "drawing.log", {}
