"""Sixty days of runs against a market that has bad days: published candles and true ones, after each run.

Fewer days where SWEEP_COUNT is small: those around the pause of the runs, one day more at each end for each count.
"""

from __future__ import annotations

from datetime import date, timedelta

from btc_pipeline.coingecko.simulator.server import ReplayServer
from tests.e2e import published
from tests.e2e.command_line import Pipeline
from tests.support.swept import COUNT
from tests.sweeps.known import Truth
from tests.sweeps.market import Market, midnight

FIRST = date(2026, 3, 1)
NO_RUN = {*range(20, 31), 41}
"""Days without a run; the windows of 7 days leave a hole of whole days in the first of them."""


def stretch(count):
    """The days that are simulated, by number. The shortest stretch, of 28 days, has each kind of event."""
    return range(60) if count is None else range(max(0, 17 - count), min(60, 43 + count))


DAYS = stretch(COUNT)


def simulated(data_dir):
    """For each run its instant, the published candles, and the true ones; at last the database, and the truth."""
    database = data_dir / "live/crypto_data.duckdb"
    truth, versions = Truth(), []
    for number in DAYS:
        if number in NO_RUN:
            continue
        now = instant_of(number)
        with ReplayServer(Market(), now=now) as server:
            api = ("--coingecko-base-url", server.base_url, "--coingecko-calls-a-minute", "1000")
            result = Pipeline(data_dir, ("--pipeline-source", "live", *api)).run("Publish", now=now.isoformat())
        assert result.exit_code == 0, f"{now}: {result.stderr}"
        truth.ask(now)
        versions.append((now, published.candles(database), truth.candles()))
    return database, versions, truth


def day_of(number):
    """The date of a day."""
    return FIRST + timedelta(days=number)


def instant_of(number):
    """When the run of a day is: before the pause an hour later each day, then 15 hours later or 7 earlier.

    So the 24 hours of the 5-minute answers leave an hour out, then overlap or leave much out.
    """
    hour = 1 + (number if number < min(NO_RUN) else 15 * number) % 22
    return midnight(day_of(number)) + timedelta(hours=hour, minutes=40)
