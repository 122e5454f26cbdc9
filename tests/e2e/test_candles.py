"""Simulated daily runs: whatever the hour, a candle that says that it is final is the true one."""

from datetime import date

import pytest

from tests.e2e.simulation import run_daily

FIRST_DAY = date(2026, 5, 7)
# A window of two days, so that three runs show days that open, end, settle and leave the window. The sweep takes 21
# runs with a window of seven days, at four times of day.
RUNS, WINDOW_DAYS = 3, 2
TIMES = ["00:05"]  # when CoinGecko has not settled the day before


@pytest.fixture(scope="module")
def simulations(run_ahead, tmp_path_factory):
    """What readers found, by the time of day of the runs."""

    def run(time_of_day):
        return run_daily(time_of_day, FIRST_DAY, RUNS, WINDOW_DAYS, tmp_path_factory.mktemp("daily") / "data")

    return run_ahead(run, TIMES)


@pytest.mark.parametrize("case", TIMES)
def test_no_candle_of_daily_runs_is_ever_final_and_wrong(case, simulations):
    assert simulations[case].result().wrong_candles() == []


@pytest.mark.parametrize("case", TIMES)
def test_after_daily_runs_the_candle_of_each_settled_day_is_final(case, simulations):
    simulation = simulations[case].result()
    assert simulation.final_days() == simulation.settled_days()
