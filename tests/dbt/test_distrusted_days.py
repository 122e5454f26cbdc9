"""A failed test is led back to coins and days: the next run loads those days anew, and nothing else."""

from datetime import datetime, timezone

import pytest

from btc_pipeline.errors import CandleTestError
from tests.support.built_world import BuiltWorld

pytestmark = pytest.mark.long

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
WRONG = "update int_candles_settled set high = high * 1.01 where coin_id = 'bitcoin' and date = date '2026-05-08'"
NUMBERS = "select coin_id, load_number from raw.market_chart order by all"
CANDLES = "from daily_candlestick order by all"


@pytest.fixture
def world(tmp_path):
    """Two coins, built once."""
    world = BuiltWorld(tmp_path, NOW)
    world.keep(NOW, 3)
    world.keep(NOW, 3, coin_id="solana")
    world.build()
    return world


def test_the_days_of_a_failed_test_are_loaded_anew_and_nothing_else(world):
    good, (bitcoin, solana) = world.query(CANDLES), world.query(NUMBERS)
    world.query(WRONG)
    with pytest.raises(CandleTestError) as failed:
        world.build()
    assert "singular:assert_settled_candles_equal_a_recomputation_from_the_raw_answers" in str(failed.value)
    assert "[coin=bitcoin/usd day=2026-05-08]" in str(failed.value)
    assert world.query(NUMBERS) == [bitcoin, solana]  # so that one can look at them
    world.build()
    assert world.query(CANDLES) == good
    assert world.query(NUMBERS) == [("bitcoin", bitcoin[1] + 2), solana]
