"""A failed test is led back to the answer that brought its rows: it is quarantined, and harms its own coin alone.

Each story goes on for the days after, and equals a build of the whole archive at once.
"""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.market.pair import Pair
from btc_pipeline.transform import dbt_build, judge
from tests.support.built_world import MODELS, BuiltWorld

pytestmark = pytest.mark.long

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
DAY = timedelta(days=1)
PAIRS = (Pair("bitcoin", "usd"), Pair("solana", "usd"))
CANDLES = "from daily_candlestick where coin_id = '{}' order by all"


class World(BuiltWorld):
    """A world whose builds may quarantine answers."""

    def build(self, now=None):
        """As a run does. Returns the decisions."""
        until = now or self.now
        settings = replace(self.settings, now=until)
        build = dbt_build.Build("Transform", until.date(), "good", MODELS, PAIRS, until, run="a run")
        built = dbt_build.build(settings, self.workspace, build)
        judge.judge(settings, self.workspace, built.stamp)
        return [(each.action, each.archive_file) for each in built.decisions]

    def anew(self, now):
        """The candles of a build of the whole archive at once, which decides nothing."""
        kept = self.workspace.work.read_bytes()
        self.workspace.work.unlink()
        build = dbt_build.Build("Transform", now.date(), "good", MODELS, PAIRS, until=now)
        judge.judge(self.settings, self.workspace, dbt_build.build(self.settings, self.workspace, build).stamp)
        rows = self.query("from daily_candlestick order by all")
        self.workspace.work.write_bytes(kept)
        return rows


@pytest.fixture
def world(tmp_path):
    """Two coins, built once."""
    world = World(tmp_path, NOW)
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
