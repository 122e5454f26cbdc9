"""The plan says beforehand what a run costs: as many calls as the run then makes, and what the plan cannot give."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko import call_ledger
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.commands import plan
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.extract import coverage, requests
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import Span
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import duckdb_files

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
YEAR = Span(date(2025, 5, 16), date(2026, 5, 14))


@pytest.fixture
def told():
    return replace(reader.load(), now=NOW)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path, "live")


def of_year(told, workspace, span=YEAR):
    return plan.of_backfill(told, workspace, NOW, span)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({}, 3),
        ({"coins": ("bitcoin", "ethereum")}, 6),
        ({"coins": ("bitcoin", "ethereum"), "vs_currencies": ("usd", "eur")}, 12),
        ({"second_opinion": False}, 2),
        ({"second_opinion": False, "five_minute_points": False}, 1),
    ],
    ids=str,
)
def test_a_run_is_planned_with_each_of_its_calls(changes, number, told, workspace):
    planned = plan.of_run(replace(told, **changes), workspace, NOW)
    assert planned.calls == number
    assert planned.calls == len(
        requests.of_run(replace(told, **changes), NOW.date(), NOW, replace(told, **changes).pairs)
    )


def test_each_span_comes_with_its_granularity(told, workspace):
    rows = [(row.what, row.span, row.granularity) for row in plan.of_run(told, workspace, NOW).rows]
    assert rows == [
        ("market_chart", "2026-05-08 to 2026-05-15", "hourly"),
        ("market_chart_5m", "the last 24 hours", "5-minute"),
        ("ohlc", "the last 14 days", "4-hour candles"),
    ]


def test_a_year_of_twenty_coins_is_five_calls_for_each(told, workspace):
    many = replace(told, coins=tuple(coin["id"] for coin in synthetic.coins_list()[:20]))
    assert of_year(many, workspace).calls == 100


@pytest.mark.parametrize(("number", "rate", "minutes"), [(5, 5, 0), (6, 5, 1), (10, 5, 1), (11, 5, 2), (100, 30, 3)])
def test_the_time_is_that_of_the_budget(number, rate, minutes):
    row = plan.PlanRow("market_chart", "", "hourly", number)
    assert plan.Plan("", [row], rate, 0, 0, 0, []).minutes == minutes


def test_calls_of_the_last_minute_make_it_longer():
    row = plan.PlanRow("market_chart", "", "hourly", 3)
    assert [plan.Plan("", [row], 5, 0, 0, used, []).minutes for used in (2, 3)] == [0, 1]


def test_what_the_archive_has_is_not_planned(told, workspace):
    chunk = Span(date(2026, 2, 14), date(2026, 5, 14))
    request = coverage.request(told, told.pairs[0], chunk, NOW.date(), NOW)
    chart = synthetic.market_chart("bitcoin", "usd", request.window_from, request.window_to, NOW)
    raw_archive.keep(workspace.raw, request, json.dumps(chart).encode())
    assert (of_year(told, workspace).calls, of_year(told, workspace, chunk).calls) == (4, 0)
    assert "nothing to request" in plan.as_text(of_year(told, workspace, chunk), told)


@pytest.mark.parametrize("name", ["keyless", "demo"])
def test_days_that_the_plan_does_not_reach_are_named_and_not_planned(name, told, workspace):
    long = Span(date(2025, 1, 1), YEAR.last)
    planned = of_year(replace(told, plan=name), workspace, long)
    assert planned.calls == 5
    assert f"2025-01-01 to 2025-05-15: [coingecko] plan = {name} reaches back 365 days" in planned.limits[0]


def test_a_pro_plan_reaches_back_to_the_beginning(told, workspace):
    long = Span(date(2025, 1, 1), YEAR.last)
    assert (of_year(replace(told, plan="pro"), workspace, long).calls, len(YEAR.days)) == (6, 364)


def test_a_span_that_is_all_too_long_ago_costs_nothing(told, workspace):
    planned = of_year(told, workspace, Span(date(2020, 1, 1), date(2020, 12, 31)))
    assert planned.calls == 0
    assert "2020-01-01 to 2020-12-31" in planned.limits[0]


def test_a_span_that_is_not_settled_is_refused(told, workspace):
    with pytest.raises(ConfigurationError, match="has not settled"):
        of_year(told, workspace, Span(YEAR.first, NOW.date()))


def test_the_share_of_the_month_s_quota_counts_what_was_used(told, workspace):
    demo = replace(told, plan="demo", calls_a_month=10_000, calls_a_minute=30)
    call_ledger.prepare(workspace.calls)
    with duckdb_files.opened(workspace.calls, read_only=False) as connection:
        ledger = call_ledger.Ledger(connection, "demo", "api.coingecko.com")
        for _ in range(12):
            ledger.add(datetime.now(timezone.utc), "/a")
        ledger.add(datetime.now(timezone.utc) - timedelta(days=40), "/a")
    shown = plan.as_text(of_year(demo, workspace), demo)
    assert "0.05 % of the month's 10,000; 12 used so far" in shown


def test_a_quota_that_is_too_small_is_said_aloud(told, workspace):
    small = replace(told, plan="demo", calls_a_month=4)
    assert "MORE THAN THE 4 THAT ARE LEFT" in plan.as_text(of_year(small, workspace), small)


def test_a_plan_is_a_table_with_its_cost(told, workspace):
    assert plan.as_text(plan.of_run(told, workspace, NOW), told).splitlines() == [
        "a first run of 2026-05-15: 1 coin in usd, plan keyless",
        "",
        "what             span (UTC)                granularity     calls",
        "market_chart     2026-05-08 to 2026-05-15  hourly              1",
        "market_chart_5m  the last 24 hours         5-minute            1",
        "ohlc             the last 14 days          4-hour candles      1",
        "",
        "calls    3, more if one has to be tried again",
        "time     at once, at 5 calls a minute",
        "quota    0 used so far",
    ]
