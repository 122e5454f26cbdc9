"""A published candle may go if its day has nothing but a live point, or an answer that is quarantined; on record."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import exceptions, raw_archive
from tests.e2e.published import rows
from tests.sweeps.nights import World

pytestmark = pytest.mark.long

MIDNIGHT = datetime(2026, 5, 10, tzinfo=timezone.utc)
DAY = timedelta(days=1)
GONE, STAYS = "ethereum", "bitcoin"


def has_a_live_point_alone(now):
    """Whether the API has one point of the day, and it is the live one."""
    midnight = now.timestamp() // 86_400 * 86_400_000
    for span in (timedelta(hours=23), timedelta(days=5)):
        stamps = [stamp for stamp, _ in synthetic.market_chart(GONE, "usd", now - span, now, now)["prices"]]
        if [stamp for stamp in stamps if stamp >= midnight] != stamps[-1:]:
            return False
    return True


def reasons(world, day):
    return {
        each["reason"]
        for each in rows(world.workspace.published, "from candle_revisions where subject = 'candle'")
        if (each["coin_id"], each["date"], each["new_value"]) == (GONE, day, None)
    }


def days_of(night, coin):
    return {row["date"] for row in night.candles if row["coin_id"] == coin}


@pytest.mark.sweep
@pytest.mark.turn("gone candles", "a live point alone")
def test_an_open_candle_of_a_live_point_alone_goes_with_its_coin_and_stops_no_run(tmp_path):
    instants = (MIDNIGHT + number * DAY + timedelta(seconds=s) for number in range(60) for s in range(20, 300, 20))
    now = next(each for each in instants if has_a_live_point_alone(each))
    world = World(tmp_path / "data", (STAYS, GONE))
    first = world.night(now)
    (alone,) = [row for row in first.candles if (row["coin_id"], row["date"]) == (GONE, now.date())]
    assert (alone["status"], alone["points"]) == ("open", 0)
    world.settings = replace(world.settings, coins=(STAYS,))
    for number in (1, 2):
        night = world.night(now + number * DAY)
        assert (night.exit_code, night.error) == (0, "")
        assert days_of(night, GONE) == days_of(first, GONE) - {now.date()}
        assert reasons(world, now.date()) == {"live_point_alone"}


@pytest.mark.sweep
@pytest.mark.turn("gone candles", "quarantined")
def test_a_candle_goes_with_its_answer_that_a_person_quarantines(tmp_path):
    world = World(tmp_path / "data", (STAYS, GONE))
    now = MIDNIGHT + timedelta(hours=13)
    first = world.night(now)
    bad = [
        exceptions.NewDecision(exceptions.QUARANTINED, each.file, each.sha256, "", 0, exceptions.PERSON, "looked at")
        for stream in ("market_chart", "market_chart_5m")
        for each in raw_archive.entries(world.workspace.raw, stream)[0]
        if each.request.coin_id == GONE
    ]
    assert len(bad) == 2
    exceptions.append(world.workspace.raw, bad, now, "a run")
    for number in (1, 2):
        night = world.night(now + number * DAY)
        assert (night.exit_code, night.error) == (0, "")
        (oldest,) = days_of(first, GONE) - days_of(night, GONE) if number == 1 else [min(days_of(first, GONE))]
        assert reasons(world, oldest) == {"answer_quarantined"}
        assert days_of(first, STAYS) <= days_of(night, STAYS)
