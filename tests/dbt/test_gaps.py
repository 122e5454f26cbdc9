"""Gaps do not cry wolf: what was never there or never requested is no open gap, and what was open stays on record."""

import json
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone

import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import raw_archive
from btc_pipeline.transform import dbt_build, judge
from tests.support.built_world import MODELS, BuiltWorld

pytestmark = pytest.mark.long

LISTED = datetime(2026, 3, 1, tzinfo=timezone.utc)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)


class World(BuiltWorld):
    """A world whose coins may come and go."""

    def keep_past(self, day, now, days=3, coin_id="bitcoin"):
        """The answer of a run of a past day at `now`."""
        start, end = (datetime.combine(each, time(), timezone.utc) for each in (day - days * DAY, day + DAY))
        end -= timedelta(seconds=1)
        request = raw_archive.Request(
            coin_id, "usd", day, start, end, now, self.settings.provenance, streams.MARKET_CHART
        )
        chart = synthetic.market_chart(coin_id, "usd", start, end, now)
        raw_archive.keep(self.workspace.raw, request, json.dumps(chart).encode())

    def build_as_run(self, now, day=None):
        """As a run of a day, by default today, does at `now`; returns whether the test of the gaps warns."""
        build = dbt_build.Build("Transform", day or now.date(), "good", MODELS, until=now)
        built = dbt_build.build(self.settings, self.workspace, build)
        outcome = judge.judge(self.settings, self.workspace, built.stamp)["singular:assert_no_gap_is_open"]
        return {"warn": True, "pass": False}[outcome]

    def want(self, *coins):
        self.settings = replace(self.settings, coins=coins)

    def gaps(self, condition="true"):
        """The gaps as coin, first instant, slots, cause and state."""
        return self.query(
            "select coin_id, strftime(gap_from, '%m-%d %H:%M'), slots::int, cause, state from price_gaps"
            f" where {condition} order by all"
        )


def without(*spans):
    """A change that takes the points of these spans out of an answer."""

    def change(chart):
        for name, points in chart.items():
            chart[name] = [point for point in points if not any(first <= stamp(point) < last for first, last in spans)]

    return change


def stamp(point):
    return datetime.fromtimestamp(point[0] / 1000, tz=timezone.utc)


@pytest.mark.sweep
@pytest.mark.turn("stories of gaps", "a listing")
def test_what_lies_before_a_listing_is_explained_and_a_beginning_that_was_cut_is_not(tmp_path):
    now = LISTED + timedelta(days=2, hours=13, minutes=30)
    world = World(tmp_path, now)
    world.want("sample-newcomer", "bitcoin")
    world.keep(now, 7, coin_id="sample-newcomer")
    world.keep(now - 9 * DAY, 1)
    world.keep(now, 7, without((LISTED - 5 * DAY, LISTED - 4 * DAY + 10 * HOUR)))
    world.build_as_run(now)
    assert world.gaps("slots > 3 and cause <> 'not_run'") == [
        ("bitcoin", "02-24 00:00", 34, "coingecko_silent", "open"),
        ("sample-newcomer", "02-24 00:00", 5 * 24, "not_listed", "explained"),
    ]


@pytest.mark.sweep
@pytest.mark.turn("stories of gaps", "a removal")
def test_a_removed_coin_warns_no_more_and_what_was_not_requested_is_missing_if_it_comes_back(tmp_path):
    world = World(tmp_path, NOW)
    world.want("litecoin", "solana")
    for coin in ("litecoin", "solana"):
        world.keep(NOW, 3, without((NOW - 30 * HOUR, NOW - 25 * HOUR)), coin_id=coin)
    assert world.build_as_run(NOW)
    assert world.gaps("cause not in ('coingecko_silent', 'not_settled')") == []
    world.want("litecoin")
    world.keep(NOW + DAY, 3, coin_id="litecoin")
    assert not world.build_as_run(NOW + DAY)  # litecoin has no such hole, and that of solana is no news any more
    of_solana = "coin_id = 'solana' and gap_from >= '2026-05-10 12:00:00'"
    assert world.gaps(of_solana) == [("solana", "05-10 14:00", 10, "removed", "explained")]
    assert ("solana", "05-09 08:00", 5, "coingecko_silent", "open") in world.gaps("coin_id = 'solana'")
    world.want("litecoin", "solana")
    for coin in ("litecoin", "solana"):
        world.keep(NOW + 6 * DAY, 3, coin_id=coin)
    world.build_as_run(NOW + 6 * DAY)
    came_back = world.gaps("cause = 'not_run'")
    assert came_back == [
        ("litecoin", "05-11 14:00", 10, "not_run", "open"),
        ("litecoin", "05-12 00:00", 1, "not_run", "open"),
        ("solana", "05-10 14:00", 10, "not_run", "open"),
        ("solana", "05-11 00:00", 2, "not_run", "open"),
    ]


@pytest.mark.sweep
@pytest.mark.turn("stories of gaps", "a past day")
def test_a_run_of_a_past_day_opens_no_gap_in_what_it_did_not_request(tmp_path):
    world = World(tmp_path, NOW)
    early = NOW.replace(hour=1, minute=45)
    world.keep(early, 3)
    world.keep_fine(early)
    world.build_as_run(early)
    before = world.gaps()
    past = NOW.date() - 3 * DAY
    world.keep_past(past, NOW)
    world.build_as_run(NOW, past)
    assert [gap for gap in world.gaps("gap_from >= '2026-05-10'") if gap not in before] == []
    assert world.query("select granularity from daily_candlestick where date = '2026-05-10'") == [("5-minute",)]


@pytest.mark.sweep
@pytest.mark.turn("stories of gaps", "a hole")
def test_a_hole_that_was_open_is_closed_when_it_is_filled_and_stays_on_record(tmp_path):
    world = World(tmp_path, NOW)
    world.keep(NOW, 3)
    late = NOW + 2 * DAY
    world.keep(late, 1)
    world.build_as_run(late)
    opened = world.gaps("cause = 'not_run'")
    assert opened == [("bitcoin", "05-10 14:00", 10, "not_run", "open")]
    world.keep_past(NOW.date(), late + HOUR)
    world.build_as_run(late + HOUR, NOW.date())
    closed = world.query("select found_at, closed_at, slots, state from price_gaps where cause = 'not_run'")
    naive = late.replace(tzinfo=None)
    assert closed == [(naive, naive + HOUR, 10, "closed")]
