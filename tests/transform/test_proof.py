"""The weekly proof: the archive gives what is published, or says what it does not give; and the day after."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.lake import proofs
from btc_pipeline.publish import swap
from btc_pipeline.transform import proof
from tests.support.built_world import MODELS, BuiltWorld

pytestmark = pytest.mark.long

FIRST = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
WRONG_DAY = ("bitcoin", "usd", "2026-04-29")
WRONG = "update {} set high = high * 1.01 where coin_id = 'bitcoin' and date = date '2026-04-29'"


def night(world, now, days=3):
    """A run at that instant: answers, build, tests, publication."""
    for coin in ("bitcoin", "solana"):
        world.keep(now, days, coin_id=coin)
    publish(world, now)


def publish(world, now):
    world.build(now)
    version = swap.Version(now.date(), now.date(), now.date(), {"a": "pass"})
    swap.swap_in(replace(world.settings, now=now), world.workspace, version)


def prove(world, now):
    return proof.prove(replace(world.settings, now=now), world.workspace, MODELS, lambda *_: None)


def candle(world, day, coin="bitcoin"):
    """Status, doubts and high of a published candle."""
    with duckdb.connect(str(world.workspace.published), read_only=True) as connection:
        query = "select status, doubts, high from daily_candlestick where (coin_id, date) = (?, ?)"
        return connection.execute(query, [coin, date.fromisoformat(day)]).fetchone()


def facts(world):
    with duckdb.connect(str(world.workspace.published), read_only=True) as connection:
        return dict(connection.execute("select key, value from publication").fetchall())


def newest(world):
    return proofs.newest(world.workspace.proofs, world.settings.provenance)[1]


def test_a_day_that_differs_is_named_doubted_made_anew_and_proved_again(tmp_path):
    """A wrong candle was published, and the tests of the next night look at other days. Then the proof finds it."""
    world = BuiltWorld(tmp_path, FIRST, run="a run")
    night(world, FIRST, days=12)
    _, _, right = candle(world, WRONG_DAY[2])
    for table in ("int_days_settled", "daily_candlestick"):
        world.query(WRONG.format(table))
    swap.swap_in(world.settings, world.workspace, swap.Version(FIRST.date(), FIRST.date(), FIRST.date(), {}))
    night(world, SECOND)
    status, doubts, wrong = candle(world, WRONG_DAY[2])
    assert (status, doubts) == ("final", [])
    assert wrong == right * 1.01
    before = world.workspace.published.read_bytes()
    with pytest.raises(ConfigurationError, match="run the pipeline first"):
        proof.prove(world.settings, world.workspace, "other models", lambda *_: None)
    assert newest(world) is None

    with pytest.raises(CandleTestError) as failed:
        prove(world, SECOND)
    assert "bitcoin / usd 2026-04-29 high: published" in str(failed.value)
    assert "not reproduced: bitcoin usd 2026-04-29;" in str(failed.value)
    assert "run the pipeline" in str(failed.value)
    assert failed.value.exit_code == 50
    assert newest(world).days == (WRONG_DAY,)
    assert world.workspace.published.read_bytes() == before

    night(world, THIRD)
    assert candle(world, WRONG_DAY[2]) == ("provisional", ["not_reproduced"], right)
    assert candle(world, WRONG_DAY[2], "solana")[0] == "final"
    assert candle(world, "2026-04-30")[0] == "final"
    changes = world.query("select field, reason from candle_revisions where subject = 'candle' and date = '2026-04-29'")
    assert set(changes) == {(field, "not_reproduced") for field in ("doubts", "high", "status")}
    assert facts(world)["proved"] == "not reproduced on 2026-05-11: of 1 days the archive gives something else"

    assert prove(world, THIRD + timedelta(hours=1)).is_equal
    publish(world, THIRD)
    assert candle(world, WRONG_DAY[2]) == ("final", [], right)


@pytest.mark.sweep
@pytest.mark.turn("stories of bad answers", "an answer that the archive has lost")
def test_an_answer_that_the_archive_has_lost_is_named_and_what_was_made_of_it_is_kept(tmp_path):
    """Nothing is loaded anew: the database has the answer, and the archive has not."""
    world = BuiltWorld(tmp_path, FIRST, run="a run")
    night(world, FIRST, days=12)
    night(world, SECOND)
    assert facts(world)["proved"] == "not proved yet"
    first = min((world.workspace.raw / "market_chart/coin_id=bitcoin").rglob("*.json"))
    kept = first.read_bytes()
    first.unlink()
    before = candle(world, "2026-04-29")

    with pytest.raises(CandleTestError, match="the archive has lost market_chart/coin_id=bitcoin") as failed:
        prove(world, SECOND)
    assert "put these files back" in str(failed.value)
    assert len(newest(world).lost) == 1
    night(world, THIRD)
    assert candle(world, "2026-04-29")[1:] == (["not_reproduced"], before[2])

    first.write_bytes(kept)
    found = prove(world, THIRD + timedelta(hours=1))
    assert (found.is_equal, found.days, found.lost, found.candles) == (True, (), (), 30)
    assert found.checks > 100
    publish(world, THIRD)
    assert facts(world)["proved"] == "proved on 2026-05-12: the archive gives all 30 candles again"
    assert candle(world, "2026-04-29") == before


def test_where_nothing_is_published_nothing_is_proved(tmp_path):
    empty = BuiltWorld(tmp_path, FIRST)
    with pytest.raises(ConfigurationError, match="nothing is published"):
        prove(empty, FIRST)
