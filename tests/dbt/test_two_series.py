"""Daily runs that bring both series, some missed: each day is built from one of them, and a final candle is true.

The answers are put into the archive as an extraction would; from there on it is the real loader, dbt and tests. What
should come out is computed here from the synthetic market's list of points, and from when the runs were.
"""

import itertools
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.transform import dbt_build
from tests.e2e import truth
from tests.publish.test_swap import SETTINGS
from tests.support.built_world import MODELS, archive
from tests.support.swept import swept

pytestmark = pytest.mark.long

FIRST = date(2026, 5, 4)
DAYS = 6
HOURLY, FINE = "hourly", "5-minute"

# The days without a run, and those whose run got no 5-minute answer
CASES = {  # the first is when the timer runs the pipeline
    "00:40": ({FIRST + timedelta(days=3)}, set()),
    "13:30": ({FIRST + timedelta(days=4)}, {FIRST + timedelta(days=1)}),
}


def instant(day, at="00:00"):
    return datetime.combine(day, time.fromisoformat(at), timezone.utc)


def built(workspace, settings, now):
    """The candles and gaps that a run at `now` makes of the archive; its tests that fail end it."""
    dbt_build.build(settings, workspace, dbt_build.Build("Transform", now.date(), "good", MODELS, until=now))
    tests = json.loads(workspace.test_results.read_bytes())["tests"]
    loud = [test["name"] for test in tests if test["status"] not in {"pass", "success"}]
    with duckdb.connect(str(workspace.work), read_only=True) as connection:
        found = connection.execute("select * from daily_candlestick order by date")
        names = [column[0] for column in found.description]
        candles = {row[names.index("date")]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
        gaps = connection.execute("select granularity, gap_from, gap_to, cause from price_gaps").fetchall()
    return candles, gaps, loud


@pytest.fixture(scope="module", params=swept(CASES))
def runs(request, tmp_path_factory):
    """For each run its instant, the days that the 5-minute series covers by then, and what came of it."""
    not_run, without_fine = CASES[request.param]
    workspace = Workspace(tmp_path_factory.mktemp("two") / "data", "sample")
    workspace.temporary.mkdir(parents=True)
    fine, outcomes = [], []
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        if day in not_run:
            continue
        now = instant(day, request.param)
        settings = replace(SETTINGS, data_dir=workspace.root.parent, now=now)
        archive(workspace, settings, streams.MARKET_CHART, instant(day - timedelta(days=7)), now)
        if day not in without_fine:
            archive(workspace, settings, streams.CHART_5M, now - timedelta(days=1), now)
            fine.append(now)
        outcomes.append((now, covered_by(fine, now), built(workspace, settings, now)))
    return outcomes


def covered_by(fine, now):
    """The days whose every instant, up to now, is in one of the windows of 24 hours before these extractions."""
    days = set()
    for day in (now.date() - timedelta(days=back) for back in range(10)):
        reached, end = instant(day), min(now, instant(day + timedelta(days=1)))
        for extracted_at in fine:
            if extracted_at - timedelta(days=1) <= reached:
                reached = max(reached, extracted_at)
        if reached >= end:
            days.add(day)
    return days


def test_a_part_of_the_5_minute_series_alone_is_never_final(tmp_path):
    workspace, now = Workspace(tmp_path / "data", "sample"), instant(FIRST, "13:30")
    workspace.temporary.mkdir(parents=True)
    settings = replace(SETTINGS, data_dir=workspace.root.parent, now=now)
    archive(workspace, settings, streams.CHART_5M, now - timedelta(days=1), now)
    candles, gaps, loud = built(workspace, settings, now)
    assert [(row["granularity"], row["status"]) for row in candles.values()] == [(FINE, "provisional"), (FINE, "open")]
    before = FIRST - timedelta(days=1)
    naive = [each.replace(tzinfo=None) for each in (instant(before), instant(before, "13:30"))]
    assert gaps[0] == (FINE, *naive, "not_run")
    assert set(loud) == {
        "singular:assert_no_settled_day_has_too_few_points", "singular:assert_no_gap_is_open",
    }  # fmt: skip


def test_each_day_is_5_minute_where_the_answers_cover_it_and_hourly_elsewhere(runs):
    for now, covered, (candles, *_) in runs:
        expected = {day: FINE if day in covered else HOURLY for day in candles}
        assert {day: row["granularity"] for day, row in candles.items()} == expected, now
    assert {FINE, HOURLY} == {row["granularity"] for row in runs[-1][2][0].values() if row["date"] >= FIRST}
    assert len(runs[-1][1]) >= 2


def test_each_final_candle_is_true_to_the_series_that_it_names(runs):
    assert [(now, wrong) for now, _, (candles, *_) in runs for wrong in truth.wrong_candles([*candles.values()])] == []


def test_each_day_that_is_over_is_final(runs):
    for now, _, (candles, *_) in runs:
        statuses = {day: row["status"] for day, row in candles.items()}
        assert statuses == {day: "open" if day == now.date() else "final" for day in candles}


def test_a_final_candle_does_not_change_from_run_to_run(runs):
    for (_, _, (before, *_)), (now, _, (after, *_)) in itertools.pairwise(runs):
        for day, row in before.items():
            if row["status"] == "final":
                assert {**after[day], "extracted_at": None} == {**row, "extracted_at": None}, (now, day)


def test_no_test_of_the_models_speaks_up(runs):
    assert [loud for *_, (_, _, loud) in runs if loud] == []


def test_a_gap_is_in_the_series_that_the_day_is_built_from(runs):
    for _, _, (candles, gaps, _) in runs:
        assert [gap for gap in gaps if candles[gap[1].date()]["granularity"] != gap[0]] == []
