"""Coverage in percent: rounded down, and right where floating point is not."""

import pytest

from btc_pipeline.market import formatting

SHARES = [(0.0, 0), (0.28, 28), (0.29, 29), (0.57, 57), (0.58, 58), (0.9999, 99), (1 - 1e-6, 99), (1.0, 100)]


@pytest.mark.parametrize(("share", "percent"), SHARES)
def test_a_percentage_is_rounded_down_and_is_not_one_less_by_binary_fractions(share, percent):
    assert (formatting.whole_percent(share), formatting.percent_text(share)) == (percent, f"{percent} %")


@pytest.mark.parametrize("hundredths", range(101))
def test_each_whole_percentage_is_itself(hundredths):
    assert formatting.whole_percent(hundredths / 100) == hundredths
