"""Moving averages: the mean of exactly the days that they say, or nothing."""

import math
from datetime import date, timedelta
from fractions import Fraction

import pytest

from btc_pipeline.market import moving_averages

FIRST = date(2021, 4, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(60)]
CLOSES = {day: 50_000 + 3_000 * math.sin(number / 5) for number, day in enumerate(DAYS)}


@pytest.mark.parametrize("period", [1, 2, 7, 30])
def test_an_average_is_the_mean_of_the_days_up_to_its_own(period):
    values = moving_averages.simple(CLOSES, DAYS[40:], period)
    exact = [
        float(sum(Fraction(CLOSES[each]) for each in DAYS[number - period + 1 : number + 1]) / period)
        for number in range(40, 60)
    ]
    assert values == pytest.approx(exact, rel=1e-15)


def test_an_average_begins_with_the_first_day_that_has_all_its_closes():
    values = moving_averages.simple(CLOSES, DAYS[:10], 7)
    assert [value is None for value in values] == [True] * 6 + [False] * 4


def test_a_missing_close_takes_the_average_away_until_it_has_left_the_period():
    closes = {day: close for day, close in CLOSES.items() if day != DAYS[20]}
    values = moving_averages.simple(closes, DAYS[18:30], 7)
    assert [value is None for value in values] == [False] * 2 + [True] * 7 + [False] * 3


def test_an_average_of_equal_closes_is_that_close():
    assert moving_averages.simple(dict.fromkeys(DAYS, 0.1), DAYS[-1:], 30) == [0.1]


def test_without_closes_there_is_no_average():
    assert moving_averages.simple({}, DAYS[:2], 7) == [None, None]
