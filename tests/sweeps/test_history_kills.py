"""A year of twenty coins, killed ten times at random moments: complete, no chunk asked for again, each candle true.

Where SWEEP_COUNT is small there are fewer kills. A year and a day have their turns.
"""

from datetime import date, datetime, time, timedelta, timezone

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e import truth
from tests.e2e.history_kills import COINS, UNDER_WAY, Siege, besiege
from tests.support.swept import COUNT
from tests.sweeps.rounds import ROUNDS

FIRST, DAYS = date(2025, 5, 16), 364
"""The year that the keyless plan reaches back, at the instant of these runs."""
KILLS = 10 if COUNT is None else min(10, 3 + COUNT)


def has_a_point_in_its_last_hour(coin_id, day):
    """Where the last day of a chunk has none, its candle says that it may be cut short."""
    last_hour = datetime.combine(day, time(23), timezone.utc)
    return bool(synthetic.settled_points(coin_id, "usd", "hourly", last_hour, last_hour + timedelta(minutes=59)))


@pytest.mark.turn("many coins, killed", "a year")
@pytest.mark.parametrize("case", ROUNDS, ids=lambda case: f"SWEEP_SEED={case.seed}")
def test_a_year_killed_again_and_again_is_complete_and_nothing_is_asked_for_again(case, tmp_path):
    lot = case.lot()
    answers = [lot.randint(0, 9) for _ in range(KILLS)]
    siege = Siege(("Backfill", f"--start={FIRST}", "--end=2026-05-14"), COINS[:20], answers)
    outcome = besiege(tmp_path / "data", siege, lot)
    print(f"{answers} answers to each kill, {outcome.kills} of them at work\n{outcome.last.stderr}")
    assert outcome.last.exit_code == 0
    assert outcome.asked_again <= outcome.kills * UNDER_WAY
    candles = {(row["coin_id"], row["date"]): truth.Ohlc.of_row(row) for row in outcome.candles}
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    assert candles == {(coin, day): truth.settled(coin, "usd", day, "hourly") for coin in siege.coins for day in days}
    not_final = [(row["coin_id"], row["date"]) for row in outcome.candles if not truth.is_final(row)]
    assert [each for each in not_final if has_a_point_in_its_last_hour(*each)] == []


@pytest.mark.turn("many coins, killed", "a day")
@pytest.mark.parametrize("case", ROUNDS, ids=lambda case: f"SWEEP_SEED={case.seed}")
def test_a_run_of_twelve_coins_killed_again_and_again_asks_for_no_price_twice(case, tmp_path):
    lot = case.lot()
    siege = Siege(("Publish",), COINS[:12], [lot.randint(0, 4) for _ in range(4)])
    outcome = besiege(tmp_path / "data", siege, lot)
    print(f"{outcome.kills} kills at work\n{outcome.last.stderr}")
    assert outcome.last.exit_code == 0
    assert outcome.asked_again <= outcome.kills * UNDER_WAY
    assert truth.wrong_candles(outcome.candles) == []
    assert {row["coin_id"] for row in outcome.candles} == set(siege.coins)
