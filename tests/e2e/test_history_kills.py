"""Kills while many answers are asked for: none that had come is asked for again, and the end is as without a kill.

The sweep of the same name has twenty coins, a year and ten kills.
"""

import random
from datetime import date, timedelta

import pytest

from tests.e2e import truth
from tests.e2e.history_kills import COINS, UNDER_WAY, Siege, besiege

pytestmark = pytest.mark.long

HALF_A_YEAR = Siege(("Backfill", "--start=2025-11-16", "--end=2026-05-14"), COINS[:2], [1, 2])
TWELVE_COINS = Siege(("Publish",), COINS[:12], [4, 4])


@pytest.fixture(scope="module", autouse=True)
def outcomes(run_ahead, tmp_path_factory):
    return run_ahead(
        lambda case: besiege(tmp_path_factory.mktemp("siege") / "data", case, random.Random(7)),
        [HALF_A_YEAR, TWELVE_COINS],
    )


@pytest.mark.parametrize("case", [HALF_A_YEAR, TWELVE_COINS], ids=["history", "daily run"])
def test_what_had_come_before_a_kill_is_not_asked_for_again(case, outcomes):
    outcome = outcomes[case].result()
    assert (outcome.last.exit_code, outcome.kills) == (0, 2), outcome.last.stderr
    assert outcome.asked_again <= outcome.kills * UNDER_WAY


@pytest.mark.parametrize("case", [HALF_A_YEAR], ids=["history"])
def test_a_backfill_that_was_killed_ends_with_each_candle_as_it_was(case, outcomes):
    outcome = outcomes[case].result()
    days = {date(2025, 11, 16) + timedelta(days=number) for number in range(180)}
    finals = {(row["coin_id"], row["date"]) for row in outcome.candles if truth.is_final(row)}
    assert finals == {(coin, day) for coin in case.coins for day in days}
    assert truth.wrong_candles(outcome.candles) == []


@pytest.mark.parametrize("case", [TWELVE_COINS], ids=["daily run"])
def test_a_run_that_was_killed_while_it_extracts_ends_with_each_coin(case, outcomes):
    outcome = outcomes[case].result()
    finals = [row["coin_id"] for row in outcome.candles if truth.is_final(row)]
    assert {coin: finals.count(coin) for coin in case.coins} == dict.fromkeys(case.coins, 7)
    assert truth.wrong_candles(outcome.candles) == []
    assert outcome.leftovers == []
