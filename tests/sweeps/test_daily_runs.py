"""21 simulated daily runs at four times of day: every settled candle is the true one, at any time."""

from datetime import date

import pytest

from tests.e2e.simulation import TIMES, run_daily

FIRST_DAY = date(2026, 5, 7)
RUNS, WINDOW_DAYS = 21, 7


@pytest.fixture(scope="module")
def simulations(workers, tmp_path_factory):
    """What readers found, by the time of day of the runs; two simulations at a time."""

    def run(time_of_day):
        return run_daily(time_of_day, FIRST_DAY, RUNS, WINDOW_DAYS, tmp_path_factory.mktemp("daily") / "data")

    return {time_of_day: workers.submit(run, time_of_day) for time_of_day in TIMES}


@pytest.mark.parametrize("time_of_day", TIMES)
def test_no_candle_of_21_daily_runs_is_ever_final_and_wrong(time_of_day, simulations):
    assert simulations[time_of_day].result().wrong_candles() == []


@pytest.mark.parametrize("time_of_day", TIMES)
def test_after_21_daily_runs_the_candle_of_each_settled_day_is_final(time_of_day, simulations):
    simulation = simulations[time_of_day].result()
    assert simulation.final_days() == simulation.settled_days()
