"""A failed test is led back to the answer that brought its rows: it is quarantined, and harms its own coin alone.

Each story goes on for the days after, and equals a build of the whole archive at once.
"""

from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import exceptions
from btc_pipeline.market.pair import Pair
from tests.support.built_world import BuiltWorld

pytestmark = pytest.mark.long

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
DAY = timedelta(days=1)
PAIRS = (Pair("bitcoin", "usd"), Pair("solana", "usd"))
CANDLES = "from daily_candlestick where coin_id = '{}' order by all"


@pytest.fixture
def world(tmp_path):
    """Two coins, built once."""
    world = BuiltWorld(tmp_path, NOW, PAIRS, "a run")
    world.keep(NOW, 3)
    world.keep(NOW, 3, coin_id="solana")
    assert world.build() == []
    return world


def spike(chart):
    """One point in the middle is 2,000 times too high."""
    chart["prices"][20][1] *= 2000


def test_an_answer_with_an_impossible_price_is_quarantined_and_good_ones_heal_its_days(world, tmp_path):
    bad = world.keep(NOW + DAY, 3, spike)
    world.keep(NOW + DAY, 3, coin_id="solana")
    before = world.query(CANDLES.format("bitcoin"))
    assert world.build(NOW + DAY) == [("quarantined", bad.file)]
    assert world.query(CANDLES.format("bitcoin"))[:-1] == before[:-1]  # the open candle is not open any more
    assert len(world.query(CANDLES.format("solana"))) == 5
    for days in (2, 3):
        for coin in ("bitcoin", "solana"):
            world.keep(NOW + days * DAY, 4, coin_id=coin)
        assert world.build(NOW + days * DAY) == []
    assert world.query("from daily_candlestick order by all") == world.anew(NOW + 3 * DAY)
    finals = world.query("select count(*) from daily_candlestick where status = 'final' and coin_id = 'bitcoin'")
    assert finals == [(6,)]


def spike_on_the_tenth(chart):
    """The first point from 05:00 on of 10 May is 2,000 times too high, in each answer that has it."""
    from_ms = datetime(2026, 5, 10, 5, tzinfo=timezone.utc).timestamp() * 1000
    number = next(number for number, (stamp, _) in enumerate(chart["prices"]) if stamp >= from_ms)
    chart["prices"][number][1] *= 2000


def certificates(world, coin):
    """Status and doubts of a coin's candles by day, without the open one, and but for edges that the market lacks."""
    rows = world.query(
        "select date::varchar, status, doubts from daily_candlestick"
        f" where coin_id = '{coin}' and status <> 'open' order by date"
    )
    return {
        day: ("final" if doubts == ["edge"] else status, tuple(doubt for doubt in doubts if doubt != "edge"))
        for day, status, doubts in rows
    }


@pytest.mark.sweep
@pytest.mark.turn("stories of bad answers", "a jump")
def test_what_two_runs_say_is_admitted_its_day_is_doubted_and_a_better_answer_heals_it(world):
    first = world.keep(NOW + DAY, 3, spike_on_the_tenth)
    world.keep(NOW + DAY, 3, coin_id="solana")
    assert world.build(NOW + DAY) == [("quarantined", first.file)]
    world.keep(NOW + 2 * DAY, 4, spike_on_the_tenth)
    world.keep(NOW + 2 * DAY, 4, coin_id="solana")
    assert world.build(NOW + 2 * DAY) == [("released", first.file)]
    found = certificates(world, "bitcoin")
    assert found.pop("2026-05-10") == ("provisional", ("jump",))
    assert set(found.values()) == {("final", ())}
    assert set(certificates(world, "solana").values()) == {("final", ())}
    assert world.query("from daily_candlestick order by all") == world.anew(NOW + 2 * DAY)
    for coin in ("bitcoin", "solana"):
        world.keep(NOW + 3 * DAY, 5, coin_id=coin)
    assert world.build(NOW + 3 * DAY) == []
    assert set(certificates(world, "bitcoin").values()) == {("final", ())}


def decide(world, action, *entries):
    """A person's decision about answers."""
    new = [
        exceptions.NewDecision(action, each.file, each.sha256, "", 0, exceptions.PERSON, "looked at")
        for each in entries
    ]
    exceptions.append(world.workspace.raw, new, world.now, "a run")


@pytest.mark.sweep
@pytest.mark.turn("stories of bad answers", "two coins with one price")
def test_two_coins_with_the_same_prices_wait_for_a_second_run_or_a_person(world):
    def of_bitcoin(now):
        return lambda chart: chart.update(synthetic.market_chart("bitcoin", "usd", now - 3 * DAY, now, now))

    bad = []
    for days in (1, 2):
        now = NOW + days * DAY
        world.keep(now, 3)
        world.keep(now, 3, coin_id="solana")
        bad.append(world.keep(now, 3, of_bitcoin(now), coin_id="tether"))
        decisions = world.build(now)
        if days == 1:
            assert ("quarantined", bad[0].file) in decisions
            assert certificates(world, "tether") == {}
        else:
            assert ("released", bad[0].file) in decisions
            assert {doubts for _, doubts in certificates(world, "tether").values()} == {("twin",)}
    assert {status for status, _ in certificates(world, "tether").values()} == {"provisional"}
    assert set(certificates(world, "solana").values()) == {("final", ())}
    decide(world, exceptions.QUARANTINED, *bad)
    assert world.build(NOW + 2 * DAY) == []
    assert certificates(world, "tether") == {}
    assert set(certificates(world, "bitcoin").values()) == {("final", ())}
    decide(world, exceptions.RELEASED, bad[1])
    assert world.build(NOW + 2 * DAY) == []  # a person has decided: the same check lets it pass
    assert {doubts for _, doubts in certificates(world, "tether").values()} == {("twin",)}
    assert world.query("from daily_candlestick order by all") == world.anew(NOW + 2 * DAY)


def a_thousand_times(chart):
    """All prices are those of another unit."""
    for point in chart["prices"]:
        point[1] *= 1000


@pytest.mark.sweep
@pytest.mark.turn("stories of bad answers", "another unit")
def test_a_5_minute_answer_in_another_unit_is_found_the_next_day_as_the_hourly_series_contradicts_it(world):
    now, fine = NOW, []
    for days in (1, 2, 3):
        now = NOW + days * DAY
        for coin in ("bitcoin", "solana"):
            world.keep(now, 4, coin_id=coin)
            change = a_thousand_times if coin == "bitcoin" and days == 1 else lambda chart: None
            fine.append(world.keep_fine(now, change, coin))
        assert world.build(now) == ([("quarantined", fine[0].file)] if days == 2 else [])
        doubted = {day: doubts for day, (_, doubts) in certificates(world, "bitcoin").items() if doubts}
        assert doubted == ({"2026-05-10": ("series_differ",)} if days == 1 else {})  # nobody knows which one is right
    assert world.query("from daily_candlestick order by all") == world.anew(now)
    assert set(certificates(world, "solana").values()) == {("final", ())}
