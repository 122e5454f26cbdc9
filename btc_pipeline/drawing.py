"""Drawing a run's charts, and writing its report, from the published database, in a process of its own.

Both sides: `draw` is the parent's; run with `python -m btc_pipeline.drawing` it is the child's, where matplotlib,
pandas and mplfinance are imported, and end with it. How a chart looks is for `chart` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from btc_pipeline import ahead, candles, children
from btc_pipeline.errors import VisualizationError
from btc_pipeline.settings import Settings
from btc_pipeline.world import World

_DEADLINE_SECONDS = 600.0


def start_ahead(world: World) -> None:
    """Let the imports of the drawing process go on beside the step that is at work."""
    ahead.start(*_process(world))


@dataclass(frozen=True)
class Drawn:
    """What was made: a chart for each pair that has a candle, and the report's files, HTML and JSON."""

    charts: list[Path]
    report: list[Path]


def draw(settings: Settings, world: World, day: date) -> Drawn:
    """Draw one chart for each coin in each currency, of the run's days, and the report of what is published.

    Pairs that have no candle are left out.

    Raises:
        VisualizationError: there is no candle to draw, or drawing failed; names the coin.
    """
    charts = {pair: world.chart(pair.coin_id, pair.vs_currency, day) for pair in settings.pairs}
    job = {
        "database": str(world.published),
        "first_day": (day - timedelta(days=settings.days)).isoformat(),
        "last_day": day.isoformat(),
        "charts": [[*pair, str(path)] for pair, path in charts.items()],
        "report": str(world.report(day)),
    }
    process = ahead.take(*_process(world))
    try:
        result = process.work(job, _DEADLINE_SECONDS)
    except children.ChildError as error:
        raise VisualizationError(f"drawing ended without a result: {error.reason}", f"read {error.log}") from None
    if "error" in result:
        raise VisualizationError(result["error"], "run it again")
    drawn = [path for pair, path in charts.items() if str(pair) in result["drawn"]]
    return Drawn(drawn, [Path(path) for path in result["report"]])


def _process(world: World) -> tuple[str, Path, children.Json]:
    return "btc_pipeline.drawing", world.logs / "drawing.log", {}


def prepare(_: children.Json) -> None:
    """The child's imports."""
    import jinja2  # noqa: F401 - for its time, as the next: chart and report import them when they work
    import mplfinance  # noqa: F401


def work(_: None, job: children.Json) -> children.Json:
    """The child's work: each coin's candles from the published database, drawn."""
    from btc_pipeline import chart
    from btc_pipeline.report import writing

    database = Path(job["database"])
    first, last = date.fromisoformat(job["first_day"]), date.fromisoformat(job["last_day"])
    about = candles.publication(database)
    drawn = []
    for coin, currency, path in job["charts"]:
        week = candles.published(database, coin, currency, first, last)
        if not week and len(job["charts"]) > 1:
            continue
        facts = chart.ChartFacts(
            coin_id=coin,
            vs_currency=currency,
            first_day=first,
            last_day=last,
            source=about["source"],
            is_sample=about["is_sample"] == "true",
            data_as_of=datetime.fromisoformat(about["as_of"].replace("Z", "+00:00")),
        )
        try:
            chart.draw_candles(week, facts, Path(path))
        except (ValueError, ArithmeticError, OSError) as error:
            return {"error": f"the chart of {coin} cannot be drawn: {error}"}
        drawn.append(f"{coin}/{currency}")
    if not drawn:
        return {"error": "nothing can be drawn: there is no candle of any coin"}
    try:
        return {"drawn": drawn, "report": list(map(str, writing.write(database, Path(job["report"]))))}
    except (ValueError, ArithmeticError, OSError) as error:
        return {"error": f"the report cannot be written: {error}"}


if __name__ == "__main__":
    children.serve(prepare, work)
