"""A pipeline that is run once a day, at the same hour, and what readers find after each run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from tests.e2e import published, truth
from tests.e2e.command_line import Pipeline
from tests.e2e.published import Row

TIMES = ["00:05", "00:35", "13:30", "23:50"]
"""UTC. CoinGecko settles a day at 00:35 of the next one."""

_SETTLED_AFTER = timedelta(days=1, minutes=35)


@dataclass(frozen=True)
class Simulation:
    """The published candles after each run."""

    first_day: date
    time_of_day: str
    window_days: int
    after_each_run: list[list[Row]]

    def wrong_candles(self) -> list[str]:
        """The final candles that were wrong at any time."""
        return [wrong for candles in self.after_each_run for wrong in truth.wrong_candles(candles)]

    def settled_days(self) -> list[date]:
        """The days that CoinGecko had settled at the last run, from the first day of the first run's window."""
        last_run = _instant(self.first_day + timedelta(days=len(self.after_each_run) - 1), self.time_of_day)
        start = self.first_day - timedelta(days=self.window_days)
        days = (start + timedelta(days=number) for number in range((last_run.date() - start).days))
        return [day for day in days if _instant(day, "00:00") + _SETTLED_AFTER <= last_run]

    def final_days(self) -> list[date]:
        """The days whose candle was final after the last run, but for days that the market gives no edges."""
        return [row["date"] for row in self.after_each_run[-1] if truth.is_final(row)]


def run_daily(time_of_day: str, first_day: date, runs: int, window_days: int, data_dir: Path) -> Simulation:
    """Run the pipeline up to Publish on so many days; each run has to succeed."""
    pipeline = Pipeline(data_dir, ("--pipeline-source", "sample", "--pipeline-days", str(window_days)))
    after_each_run = []
    for number in range(runs):
        now = _instant(first_day + timedelta(days=number), time_of_day)
        result = pipeline.run("Publish", now=now.isoformat())
        assert result.exit_code == 0, f"{now}: {result.stderr}"
        after_each_run.append(published.candles(pipeline.sample / "crypto_data.duckdb"))
    return Simulation(first_day, time_of_day, window_days, after_each_run)


def _instant(day: date, time_of_day: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(time_of_day), timezone.utc)
