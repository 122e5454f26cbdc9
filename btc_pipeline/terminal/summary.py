"""The result of a run: its steps, the candles that are published now, what is odd about them, and where the files are.

Reads the readers' database as any reader would, and what the run remembers of itself; shows nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from btc_pipeline.market.candle import Candle
from btc_pipeline.market.gaps import OpenGaps
from btc_pipeline.market.instants import plain
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe.run_state import CURRENT, Done
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import published
from btc_pipeline.warehouse.published import Row


@dataclass(frozen=True)
class PairSummary:
    """What is published of a coin on the run's days. `rows` are whole rows of `daily_candlestick`."""

    pair: Pair
    rows: list[Row]
    gaps: OpenGaps
    anomalies: int
    chart: Path | None

    @cached_property
    def candles(self) -> list[Candle]:
        """The rows as candles."""
        return [published.candle_of(row) for row in self.rows]


@dataclass(frozen=True)
class StepSummary:
    """A step of a run: `done`, `done already` or `failed`; seconds if it was at work."""

    name: str
    outcome: str
    seconds: float | None = None


@dataclass(frozen=True)
class Summary:
    """All that is shown after a run. `about` are the facts of `publication`."""

    about: dict[str, str]
    first_day: date
    last_day: date
    series: list[PairSummary]
    steps: list[StepSummary]
    skipped: dict[str, str]
    warned: list[str]
    """The checks that warned, by their names."""
    database: Path
    report: Path | None

    @property
    def days(self) -> list[date]:
        """Each day of the run's window."""
        return [self.first_day + timedelta(days=number) for number in range((self.last_day - self.first_day).days + 1)]

    @property
    def is_sample(self) -> bool:
        """Whether all of it has to say SAMPLE."""
        return self.about["is_sample"] == "true"


@dataclass(frozen=True)
class Run:
    """What a run was for: its date, the days, and the steps that it goes through."""

    day: date
    first_day: date
    last_day: date
    chain: Sequence[str]
    is_backfill: bool = False

    @classmethod
    def of_day(cls, settings: Settings, day: date, chain: Sequence[str]) -> Run:
        """A daily run."""
        return cls(day, day - timedelta(days=settings.days), day, chain)

    @classmethod
    def of_span(cls, day: date, first: date, last: date, chain: Sequence[str]) -> Run:
        """A backfill on a day."""
        return cls(day, first, last, chain, is_backfill=True)

    def report(self, workspace: Workspace) -> Path:
        """Where its report lies."""
        if self.is_backfill:
            return workspace.span_report(self.first_day, self.last_day)
        return workspace.report(self.day)


def of_run(settings: Settings, workspace: Workspace, run: Run) -> Summary:
    """The summary of a run.

    Raises:
        ConfigurationError: nothing is published.
        DatabaseError: the published database cannot be read.
    """
    within = published.of_days(settings.pairs, run.first_day, run.last_day)
    of_gaps = published.open_gaps(settings.pairs, run.first_day, run.last_day)
    facts, rows, gaps, odd, warned = published.read(
        workspace.published,
        "select key, value from publication",
        f"select * from daily_candlestick where {within} order by coin_id, vs_currency, date",
        f"select * from price_gaps where {of_gaps}",
        f"select coin_id, vs_currency from price_anomalies where {within}",
        "select check_name from run_checks where outcome <> 'pass' order by check_name",
    )
    candles_of, gaps_of, anomalies = _by_pair(rows), _by_pair(gaps), Counter(map(_pair, odd))
    series = [
        PairSummary(
            pair=pair,
            rows=candles_of.get(pair, []),
            gaps=OpenGaps.of(gaps_of.get(pair, [])),
            anomalies=anomalies[pair],
            chart=_there(workspace.chart(*pair, run.last_day)),
        )
        for pair in settings.pairs
    ]
    about = {str(fact["key"]): str(fact["value"]) for fact in facts}
    return Summary(
        about=about,
        first_day=run.first_day,
        last_day=run.last_day,
        series=series,
        steps=_steps(run),
        skipped=CURRENT.skipped(),
        warned=[str(row["check_name"]) for row in warned],
        database=workspace.published,
        report=_there(run.report(workspace)),
    )


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary as one JSON object; candles with all columns of `daily_candlestick`."""
    return {
        "run_date": summary.last_day.isoformat(),
        "source": summary.about["source"],
        "is_sample": summary.is_sample,
        "as_of": summary.about["as_of"],
        "steps": [{"step": step.name, "outcome": step.outcome, "seconds": step.seconds} for step in summary.steps],
        "left_out": summary.skipped,
        "warned_checks": summary.warned,
        "candles": [
            {name: plain(value) for name, value in row.items()} for series in summary.series for row in series.rows
        ],
        "database": str(summary.database),
        "report": str(summary.report) if summary.report else None,
        "charts": {str(series.pair): str(series.chart) for series in summary.series if series.chart},
    }


def newest_chart(workspace: Workspace, pairs: Sequence[Pair]) -> Path | None:
    """The chart of the newest day among these coins' charts, which stays even if the run fails."""
    charts = [
        path for pair in pairs for path in workspace.chart(*pair, date.min).parent.glob(f"{'_'.join(pair)}_*.png")
    ]
    return max(charts, key=lambda path: path.stem.rpartition("_")[2], default=None)


def near(path: Path) -> str:
    """The path as a person would type it: relative if it lies below the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _steps(run: Run) -> list[StepSummary]:
    at_work = CURRENT.of_day(run.day)
    steps = []
    for name in run.chain:
        outcome = at_work.get(name)
        if isinstance(outcome, Done):
            steps.append(StepSummary(name, "done", round(outcome.seconds, 2)))
        else:
            steps.append(StepSummary(name, "failed" if outcome else "done already"))
    return steps


def _by_pair(rows: Sequence[Row]) -> dict[Pair, list[Row]]:
    found: dict[Pair, list[Row]] = {}
    for row in rows:
        found.setdefault(_pair(row), []).append(row)
    return found


def _pair(row: Row) -> Pair:
    return Pair(row["coin_id"], row["vs_currency"])


def _there(path: Path) -> Path | None:
    return path if path.exists() else None
