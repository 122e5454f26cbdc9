"""14 simulated daily runs at four times of day: every settled candle is the true one, at any time.

So a week of days opens, ends and settles in their course, and six of them leave the window of 7 days. Where SWEEP_COUNT
is small there are fewer runs, and one day at least does all of that.
"""

from datetime import date

import pytest

from tests.support.swept import COUNT, sampled
from tests.sweeps.simulation import TIMES, run_daily

FIRST_DAY = date(2026, 5, 7)
WINDOW_DAYS = 7
RUNS = 14 if COUNT is None else min(14, WINDOW_DAYS + 1 + COUNT)
"""The day of the first run leaves the window in the ninth."""


@pytest.fixture(scope="module", autouse=True)
def simulations(run_ahead, tmp_path_factory):
    """What readers found, by the time of day of the runs."""

    def run(time_of_day):
        return run_daily(time_of_day, FIRST_DAY, RUNS, WINDOW_DAYS, tmp_path_factory.mktemp("daily") / "data")

    return run_ahead(run, TIMES)


each_time = pytest.mark.parametrize("case", sampled(TIMES))


@each_time
def test_no_candle_of_daily_runs_is_ever_final_and_wrong(case, simulations):
    assert simulations[case].result().wrong_candles() == []


@each_time
def test_after_daily_runs_the_candle_of_each_settled_day_is_final(case, simulations):
    simulation = simulations[case].result()
    assert simulation.final_days() == simulation.settled_days()
