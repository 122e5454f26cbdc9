"""The drawing process: charts and the report, from the published database.

Started by name, as `python -m btc_pipeline.visualize.process`; `drawing` is the parent's side. matplotlib, pandas and
mplfinance are imported here, and end with it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline.market import instants, moving_averages
from btc_pipeline.market.candle import Candle
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.system import child_process
from btc_pipeline.warehouse import published

if TYPE_CHECKING:
    from btc_pipeline.visualize.chart import coin_chart


def prepare(_: child_process.Json) -> None:
    """The child's imports."""
    with _without_settings_of_users():
        import jinja2  # noqa: F401 - both take time; chart and report import them again when they work
        import mplfinance  # noqa: F401


@contextmanager
def _without_settings_of_users() -> Iterator[None]:
    """Let matplotlib find no matplotlibrc and no styles of users: in the current folder, the home, or by a variable.

    Its cache of fonts stays where it is.
    """
    home = os.environ.get("HOME")
    of_home = f"{home}/.cache" if home else tempfile.gettempdir()
    cache = os.environ.pop("MPLCONFIGDIR", "") or os.environ.get("XDG_CACHE_HOME") or of_home
    # It makes a folder of its own below each of them
    os.environ |= {"XDG_CACHE_HOME": cache, "XDG_CONFIG_HOME": cache, "MATPLOTLIBRC": os.devnull, "MPLBACKEND": "Agg"}
    with _in_folder("/"):
        yield


@contextmanager
def _in_folder(folder: str) -> Iterator[None]:
    """Work in another folder, and come back, also to a folder that was removed."""
    before = os.open(".", os.O_RDONLY)
    os.chdir(folder)
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)


def work(_: None, job: child_process.Json) -> child_process.Json:
    """The child's work: each coin's candles from the published database, drawn, and the report."""
    try:
        return _work(job)
    except _PartError as error:
        return {"error": str(error)}


class _PartError(Exception):
    """A chart, the page of all or the report cannot be made; says which, and why."""


@contextmanager
def _part(what: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, ArithmeticError, OSError) as error:
        raise _PartError(f"{what}: {error}") from error


def _work(job: child_process.Json) -> child_process.Json:
    from btc_pipeline.visualize.chart import coin_chart, overview
    from btc_pipeline.visualize.report import write

    database, chosen = Path(job["database"]), ChartSettings.of_json(job["chosen"])
    cells = _cells(database, job, chosen.moving_averages)
    is_one_of_many = len(cells) > 1
    total = len(cells) + is_one_of_many + 1
    drawn: list[Path] = []
    for done, (facts, week, path) in enumerate(cells):
        child_process.send_progress(done, total, f"{facts.coin_id}/{facts.vs_currency}")
        if not week and is_one_of_many:
            continue
        with _part(f"the chart of {facts.coin_id} cannot be drawn"):
            drawn += coin_chart.draw_candles(week, facts, path, chosen)
    if not drawn:
        raise _PartError("nothing can be drawn: there is no candle of any coin")
    if is_one_of_many:
        child_process.send_progress(len(cells), total, "the page of all")
        with _part("the page of all coins cannot be drawn"):
            shown = [(facts, week) for facts, week, _ in cells]
            drawn += overview.draw_overview(shown, Path(job["overview"]), chosen)
    child_process.send_progress(total - 1, total, "the report")
    with _part("the report cannot be written"):
        report = write.write(database, Path(job["report"]), chosen.moving_averages)
    child_process.send_progress(total, total, "the report")
    return {"drawn": [str(path) for path in drawn], "report": [str(path) for path in report]}


def _cells(
    database: Path, job: child_process.Json, periods: Sequence[int]
) -> list[tuple[coin_chart.ChartFacts, list[Candle], Path]]:
    """What is drawn for each pair: facts, the candles of the run's days, the file."""
    from btc_pipeline.visualize.chart import coin_chart

    first, last = date.fromisoformat(job["first_day"]), date.fromisoformat(job["last_day"])
    reach = timedelta(days=max(periods, default=1) - 1)
    about = published.publication(database)
    pairs = [Pair(coin, currency) for coin, currency, _ in job["charts"]]
    candles = published.candles(database, pairs, first - reach, last)
    cells = []
    for coin, currency, path in job["charts"]:
        known = candles[Pair(coin, currency)]
        facts = coin_chart.ChartFacts(
            coin_id=coin,
            vs_currency=currency,
            first_day=first,
            last_day=last,
            source=about["source"],
            is_sample=about["is_sample"] == "true",
            data_as_of=instants.parse(about["as_of"]),
            averages=_averages(known, first, last, periods),
        )
        cells.append((facts, [candle for candle in known if candle.date >= first], Path(path)))
    return cells


def _averages(known: list[Candle], first: date, last: date, periods: Sequence[int]) -> dict[int, list[float | None]]:
    closes = {candle.date: candle.close for candle in known}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {period: moving_averages.simple(closes, days, period) for period in periods}


if __name__ == "__main__":
    child_process.serve(prepare, work)
