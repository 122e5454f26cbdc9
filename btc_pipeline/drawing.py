"""Drawing a run's charts, and writing its report, from the published database, in a process of its own.

Both sides: `draw` is the parent's; run with `python -m btc_pipeline.drawing` it is the child's, where matplotlib,
pandas and mplfinance are imported, and end with it. How a chart looks is for `chart` to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from btc_pipeline import ahead, candles, children, moving_averages
from btc_pipeline.candle import Candle
from btc_pipeline.chart_settings import ChartSettings
from btc_pipeline.errors import VisualizationError
from btc_pipeline.settings import Settings
from btc_pipeline.world import World

_DEADLINE_SECONDS = 600.0


def start_ahead(world: World) -> None:
    """Let the imports of the drawing process go on beside the step that is at work."""
    ahead.start(*_process(world))


@dataclass(frozen=True)
class Drawn:
    """What was made: a chart for each pair that has a candle, of several a page of all; the report's HTML and JSON."""

    charts: list[Path]
    report: list[Path]


def draw(settings: Settings, world: World, day: date) -> Drawn:
    """Draw one chart for each coin in each currency, of the run's days, and several on one page; write the report.

    Pairs that have no candle have no chart of their own, and an empty place on the page.

    Raises:
        VisualizationError: there is no candle to draw, or drawing failed; names the coin.
    """
    charts = {pair: world.chart(pair.coin_id, pair.vs_currency, day) for pair in settings.pairs}
    job = {
        "database": str(world.published),
        "first_day": (day - timedelta(days=settings.days)).isoformat(),
        "last_day": day.isoformat(),
        "charts": [[*pair, str(path)] for pair, path in charts.items()],
        "overview": str(world.overview(day)),
        "chosen": asdict(settings.chart),
        "report": str(world.report(day)),
    }
    process = ahead.take(*_process(world))
    try:
        result = process.work(job, _DEADLINE_SECONDS)
    except children.ChildError as error:
        raise VisualizationError(f"drawing ended without a result: {error.reason}", f"read {error.log}") from None
    if "error" in result:
        raise VisualizationError(result["error"], "run it again")
    return Drawn(*([Path(path) for path in result[made]] for made in ("drawn", "report")))


def remove_leftovers(settings: Settings, world: World, day: date, before: Iterable[Path]) -> None:
    """Remove the charts of a day that the settings no longer ask for, in their coins, formats or the page of all.

    The chart of a coin that is asked for, and was left out of this run, stays. `before` are the files that the day's
    earlier run has vouched for; those that are no charts stay, too.
    """
    asked = [world.chart(*pair, day) for pair in settings.pairs]
    if len(asked) > 1:
        asked.append(world.overview(day))
    kept = {path.with_suffix(f".{name}") for path in asked for name in settings.chart.formats}
    for path in before:
        if path.parent == asked[0].parent and path not in kept:
            path.unlink(missing_ok=True)


def _process(world: World) -> tuple[str, Path, children.Json]:
    return "btc_pipeline.drawing", world.logs / "drawing.log", {}


def prepare(_: children.Json) -> None:
    """The child's imports."""
    import jinja2  # noqa: F401 - for its time, as the next: chart and report import them when they work
    import mplfinance  # noqa: F401


def work(_: None, job: children.Json) -> children.Json:
    """The child's work: each coin's candles from the published database, drawn."""
    from btc_pipeline import chart, chart_overview
    from btc_pipeline.report import writing

    database = Path(job["database"])
    first, last = date.fromisoformat(job["first_day"]), date.fromisoformat(job["last_day"])
    chosen = ChartSettings.of_json(job["chosen"])
    reach = timedelta(days=max(chosen.moving_averages, default=1) - 1)
    about = candles.publication(database)
    drawn: list[Path] = []
    cells = []
    for coin, currency, path in job["charts"]:
        known = candles.published(database, coin, currency, first - reach, last)
        week = [candle for candle in known if candle.date >= first]
        facts = chart.ChartFacts(
            coin_id=coin,
            vs_currency=currency,
            first_day=first,
            last_day=last,
            source=about["source"],
            is_sample=about["is_sample"] == "true",
            data_as_of=datetime.fromisoformat(about["as_of"].replace("Z", "+00:00")),
            averages=_averages(known, first, last, chosen.moving_averages),
        )
        cells.append((facts, week))
        if not week and len(job["charts"]) > 1:
            continue
        try:
            drawn += chart.draw_candles(week, facts, Path(path), chosen)
        except (ValueError, ArithmeticError, OSError) as error:
            return {"error": f"the chart of {coin} cannot be drawn: {error}"}
    if not drawn:
        return {"error": "nothing can be drawn: there is no candle of any coin"}
    if len(cells) > 1:
        try:
            drawn += chart_overview.draw_overview(cells, Path(job["overview"]), chosen)
        except (ValueError, ArithmeticError, OSError) as error:
            return {"error": f"the page of all coins cannot be drawn: {error}"}
    try:
        report = writing.write(database, Path(job["report"]), chosen.moving_averages)
    except (ValueError, ArithmeticError, OSError) as error:
        return {"error": f"the report cannot be written: {error}"}
    return {"drawn": [str(path) for path in drawn], "report": [str(path) for path in report]}


def _averages(known: list[Candle], first: date, last: date, periods: tuple[int, ...]) -> dict[int, list[float | None]]:
    closes = {candle.date: candle.close for candle in known}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {period: moving_averages.simple(closes, days, period) for period in periods}


if __name__ == "__main__":
    children.serve(prepare, work)
