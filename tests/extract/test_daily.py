"""A day's extraction heals: the next run asks for what is missing, and for little more."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.extract import cache, coverage, daily, history
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import Span
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.extraction import DayRecord, Skipped
from btc_pipeline.targets.marker import Marker
from tests.support.faulty_server import FaultyServer
from tests.support.swept import swept

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
DAY = NOW.date()
COINS = ("bitcoin", "solana")


@pytest.fixture
def api():
    with FaultyServer(synthetic, lambda path, number: None, NOW) as server:
        yield server


@pytest.fixture
def told(api, tmp_path):
    return replace(
        reader.load(), now=NOW, base_url=api.base_url, coins=COINS, data_dir=tmp_path, calls_a_minute=1000, retries=0
    )


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path, "live")
    workspace.temporary.mkdir(parents=True)
    return workspace


def extraction(told, workspace, run="this run"):
    table = DuckDBTarget(workspace.cache, cache.TABLE, cache.MARKERS, "ExtractAndLoad", DAY, "abc")
    record = Marker(workspace.marker("ExtractAndLoad", DAY), "abc", workspace.root)
    return DayRecord(table, record, workspace.marker("ExtractAndLoad.begun", DAY), told.pairs, run)


def run(told, workspace, pairs=None, name="this run"):
    target = extraction(told, workspace, name)
    daily.answers(told, workspace, DAY, target, pairs or told.pairs, lambda *_: None)
    return target


def asked_since(api, number):
    """The streams and coins that were asked for after so many requests."""
    paths = [request.path.partition("?")[0].removeprefix("/api/v3/coins/") for request in api.requests[number:]]
    return sorted(paths)


def test_a_day_is_three_answers_of_each_coin(told, workspace, api):
    assert run(told, workspace).exists()
    assert asked_since(api, 0) == sorted(
        f"{coin}/{stream}" for coin in COINS for stream in ("market_chart/range", "market_chart", "ohlc")
    )


def test_killed_after_the_last_price_and_before_the_cache_was_written_it_heals_with_one_price(told, workspace, api):
    target = run(told, workspace)
    for path in (target.marker.path, workspace.cache):
        path.unlink()
    target.begin({}, NOW)
    before = len(api.requests)
    assert run(told, workspace).exists()
    assert asked_since(api, before) == ["bitcoin/market_chart/range"]


@pytest.mark.long
def test_a_chunk_of_history_is_no_answer_of_today(told, workspace, api):
    extraction(told, workspace).begin({}, NOW)
    span = Span(DAY - timedelta(days=60), DAY - timedelta(days=1))
    history.answers(told, workspace, DAY, span, lambda *_: None, is_newest_first=True)
    before = len(api.requests)
    assert run(told, workspace).exists()
    assert [path for path in asked_since(api, before) if path.endswith("range")] == [
        "bitcoin/market_chart/range",
        "solana/market_chart/range",
    ]


@pytest.mark.long
def test_an_answer_of_later_is_not_taken_by_a_run_as_of_earlier(told, workspace, api):
    target = run(told, workspace)
    target.marker.path.unlink()
    earlier = NOW - timedelta(hours=2)
    target.begin({}, earlier)
    before = len(api.requests)
    run(replace(told, now=earlier), workspace)
    assert len([path for path in asked_since(api, before) if path.endswith("range")]) == 2


@pytest.mark.long
@pytest.mark.parametrize(
    "case",
    [
        ".json.gz, cut short",
        *swept([".json.gz, finished", ".manifest.json, cut short", ".manifest.json, finished"]),
    ],
)
def test_an_archived_file_that_is_gone_is_made_again_in_one_run(case, told, workspace):
    what, how = case.split(", ")
    target = run(told, workspace)
    charts = target.charts()
    gone = workspace.raw / charts["bitcoin/usd"].replace(".json.gz", what)
    gone.chmod(0o644)
    gone.unlink()
    if how == "cut short":
        target.begin(charts, NOW)
    assert run(told, workspace, name="next run").exists()


def test_a_retry_that_was_cut_short_asks_for_nothing_else_of_the_other_coins(told, workspace, api):
    run(replace(told, coins=("bitcoin",)), workspace)
    extraction(told, workspace).begin(extraction(told, workspace).charts(), NOW)
    before = len(api.requests)
    assert run(told, workspace).exists()
    assert {path.partition("/")[0] for path in asked_since(api, before)} == {"solana"}


@pytest.mark.long
def test_one_coin_alone_hours_later_leaves_the_others_as_they_are(told, workspace, api):
    run(told, workspace)
    later = replace(told, now=NOW + timedelta(hours=5))
    extraction(told, workspace).reject(Pair("solana", "usd"), Skipped("no", "", 20, "this run"))
    target = run(later, workspace, [Pair("solana", "usd")])
    assert set(target.charts()) == {"bitcoin/usd", "solana/usd"}


@pytest.mark.long
def test_all_coins_hours_later_are_asked_for_together(told, workspace, api):
    run(told, workspace)
    extraction(told, workspace).reject(Pair("solana", "usd"), Skipped("no", "", 20, "this run"))
    before = len(api.requests)
    run(replace(told, now=NOW + timedelta(hours=5)), workspace)
    assert len([path for path in asked_since(api, before) if path.endswith("range")]) == 2


@pytest.mark.long
def test_a_year_of_one_coin_is_five_answers_in_one_folder(told, workspace, api):
    span = Span(DAY - timedelta(days=364), DAY - timedelta(days=1))
    brought = history.answers(
        replace(told, coins=("bitcoin",)), workspace, DAY, span, lambda *_: None, is_newest_first=True
    )
    assert (brought.uncovered, len(brought.files), len(api.requests)) == ({}, 10, 5)


def test_a_coin_that_is_not_there_is_asked_for_once_whatever_the_span(told, workspace, api):
    span = Span(DAY - timedelta(days=364), DAY - timedelta(days=1))
    both = replace(told, coins=("bitcoin", "no-such-coin"))
    brought = history.answers(both, workspace, DAY, span, lambda *_: None, is_newest_first=True)
    assert "HTTP 404" in brought.uncovered["no-such-coin/usd"].what
    assert len([path for path in asked_since(api, 0) if "no-such-coin" in path]) <= 2, "two are under way at a time"


def test_history_that_nothing_is_known_of_is_named(told, workspace, api):
    span = Span(DAY - timedelta(days=364), DAY - timedelta(days=300))
    both = replace(told, coins=("bitcoin", "sample-newcomer"))
    brought = history.answers(both, workspace, DAY, span, lambda *_: None, is_newest_first=True)
    assert "65 days of" in brought.uncovered["sample-newcomer/usd"].what


def test_what_is_there_is_not_asked_for_twice(told, workspace, api):
    span = Span(DAY - timedelta(days=120), DAY - timedelta(days=1))
    history.answers(told, workspace, DAY, span, lambda *_: None, is_newest_first=True)
    before = len(api.requests)
    again = history.answers(told, workspace, DAY, span, lambda *_: None, is_newest_first=False)
    assert (len(api.requests) - before, again.facts["planned"]) == (0, 0)
    assert coverage.chunks(span, coverage.covering(told, workspace, Pair("bitcoin", "usd"), span)[0]) == []
    assert len(raw_archive.entries(workspace.raw, MARKET_CHART)[0]) == 4
