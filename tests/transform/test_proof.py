"""The weekly proof: the archive gives what is published, or says what it does not give; and the day after."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.lake import proofs, raw_archive
from btc_pipeline.publish import swap
from btc_pipeline.system import files
from btc_pipeline.transform import compacted, proof
from btc_pipeline.warehouse import duckdb_files
from tests.support.built_world import MODELS, BuiltWorld

pytestmark = pytest.mark.long

ANSWERS = "answers-1"
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
    return proof.prove(replace(world.settings, now=now), world.workspace, MODELS, ANSWERS, lambda *_: None)


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
    for table in ("int_candles_settled", "daily_candlestick"):
        world.query(WRONG.format(table))
    swap.swap_in(world.settings, world.workspace, swap.Version(FIRST.date(), FIRST.date(), FIRST.date(), {}))
    night(world, SECOND)
    status, doubts, wrong = candle(world, WRONG_DAY[2])
    assert (status, doubts) == ("final", [])
    assert wrong == right * 1.01
    before = world.workspace.published.read_bytes()
    with pytest.raises(ConfigurationError, match="run the pipeline first"):
        proof.prove(world.settings, world.workspace, "other models", ANSWERS, lambda *_: None)
    assert newest(world) is None

    index = world.workspace.compacted / "index.json"
    files.write(index, b"of an earlier proof")
    with pytest.raises(CandleTestError) as failed:
        prove(world, SECOND)
    assert "bitcoin / usd 2026-04-29 high: published" in str(failed.value)
    assert "not reproduced: bitcoin usd 2026-04-29;" in str(failed.value)
    assert "run the pipeline" in str(failed.value)
    assert failed.value.exit_code == 50
    assert newest(world).days == (WRONG_DAY,)
    assert list(index.parent.iterdir()) == []
    assert world.workspace.published.read_bytes() == before

    night(world, THIRD)
    assert candle(world, WRONG_DAY[2]) == ("provisional", ["not_reproduced"], right)
    assert candle(world, WRONG_DAY[2], "solana")[0] == "final"
    assert candle(world, "2026-04-30")[0] == "final"
    changes = world.query("select field, reason from candle_revisions where subject = 'candle' and date = '2026-04-29'")
    assert set(changes) == {(field, "not_reproduced") for field in ("doubts", "high", "status")}
    assert facts(world)["proved"] == "not reproduced on 2026-05-11: the archive gives something else on 1 day"

    assert prove(world, THIRD + timedelta(hours=1)).is_equal
    assert index.exists()
    publish(world, THIRD)
    assert candle(world, WRONG_DAY[2]) == ("final", [], right)


def test_what_a_proof_has_compacted_is_built_from_and_never_proved_with(tmp_path):
    """Somebody compacts wrong prices, with all checksums right. The build takes them; the proof asks the archive."""
    world = BuiltWorld(tmp_path, FIRST, run="a run")
    world.answers = ANSWERS
    night(world, FIRST, days=12)
    right = candle(world, WRONG_DAY[2])
    assert prove(world, FIRST).is_equal
    index = world.workspace.compacted / "index.json"
    first = index.read_bytes()
    assert sorted(index.parent.iterdir()) == [*index.parent.glob("2026-05-*.parquet"), index]
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(world.workspace.work.read_bytes())
    with duckdb_files.opened(copy, read_only=False) as connection:
        wrong = "list_transform(prices, lambda pair: [pair[1], pair[2] * 1.01])"
        connection.execute(f"update raw.market_chart set prices = {wrong} where coin_id = 'bitcoin'")
        compacted.keep(world.workspace, compacted.made_by(world.settings, ANSWERS), connection)
    assert index.read_bytes() != first

    world.points = "points-2"
    with pytest.raises(CandleTestError, match="candle_revisions"):
        publish(world, FIRST)
    assert world.query(f"select high from daily_candlestick where (coin_id, date) = {WRONG_DAY[0], WRONG_DAY[2]}") == [
        (pytest.approx(right[2] * 1.01),)
    ]
    other = replace(world.settings, now=FIRST + timedelta(hours=1), repeat_hours=11.0)  # those of the version count
    assert proof.prove(other, world.workspace, MODELS, ANSWERS, lambda *_: None).is_equal
    assert index.read_bytes() == first

    night(world, SECOND)
    assert candle(world, WRONG_DAY[2]) == right


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


@pytest.mark.sweep
@pytest.mark.turn("stories of bad answers", "an archive whose history fails a test")
def test_where_what_the_archive_gives_fails_a_test_its_days_are_doubted_until_it_is_put_right(tmp_path):
    """Somebody has put another answer into the place of an old one: with a price 600 times as high."""
    world = BuiltWorld(tmp_path, FIRST, run="a run")
    night(world, FIRST, days=12)
    night(world, SECOND)
    right = candle(world, "2026-04-29")
    (old, *_), _ = raw_archive.entries(world.workspace.raw, streams.MARKET_CHART)
    chart = json.loads(old.read(world.workspace.raw))
    number = next(at for at, (stamp, _) in enumerate(chart["prices"]) if stamp > 1777460400000)
    chart["prices"][number][1] *= 600
    places = [world.workspace.raw / old.file, raw_archive.manifest_of(world.workspace.raw, old.file)]
    kept = [path.read_bytes() for path in places]
    for path in places:
        path.unlink()
    wrong = raw_archive.keep(world.workspace.raw, old.request, json.dumps(chart).encode())

    with pytest.raises(CandleTestError, match="does not give a history that passes its tests") as failed:
        prove(world, SECOND)
    assert failed.value.exit_code == 50
    assert (old.request.coin_id, "usd", "2026-04-29") in newest(world).days
    assert not newest(world).is_equal
    # The night goes on with what it has; it does not take the other answer in without a look at it
    night(world, THIRD)
    assert candle(world, "2026-04-29", old.request.coin_id)[:2] == ("provisional", ["not_reproduced"])
    assert facts(world)["proved"].startswith("not proved on 2026-05-11: what the archive gives fails a test, on ")

    for path in (world.workspace.raw / wrong.file, raw_archive.manifest_of(world.workspace.raw, wrong.file)):
        path.unlink()
    for path, content in zip(places, kept, strict=True):
        path.write_bytes(content)
    assert prove(world, THIRD + timedelta(hours=1)).is_equal
    publish(world, THIRD)
    assert candle(world, "2026-04-29") == right


def test_where_nothing_is_published_nothing_is_proved(tmp_path):
    empty = BuiltWorld(tmp_path, FIRST)
    with pytest.raises(ConfigurationError, match="nothing is published"):
        prove(empty, FIRST)
