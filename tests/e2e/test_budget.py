"""The budget of calls, as CoinGecko sees it: across runs, after a kill, and when the month's calls are spent."""

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from btc_pipeline.coingecko import call_ledger
from btc_pipeline.warehouse import duckdb_files
from tests.e2e.live_api import Api, always, live, truly
from tests.support.patience import FOR_EVER

pytestmark = pytest.mark.long

HOST = "127.0.0.1"
TWO_COINS = "--pipeline-coins=bitcoin,ethereum"
ONLY_PRICES = ("--pipeline-second-opinion=false", "--pipeline-five-minute-points=false")


def note_calls(data_dir: Path, *moments: datetime) -> None:
    """Calls of earlier runs."""
    database = data_dir / "live/calls.duckdb"
    call_ledger.prepare(database)
    with duckdb_files.opened(database, read_only=False) as connection:
        ledger = call_ledger.Ledger(connection, "keyless", HOST)
        for moment in moments:
            ledger.add(moment, "/ping")


def counted(data_dir: Path) -> int:
    return call_ledger.count(data_dir / "live/calls.duckdb", "keyless", HOST, datetime(2026, 1, 1, tzinfo=timezone.utc))


# --- Two runs, one after the other


@pytest.fixture(scope="module")
def two_runs(workers, tmp_path_factory):
    """Calls of long ago and two runs for different days, all within a budget of four a minute: two have to wait."""

    def run():
        folder = tmp_path_factory.mktemp("two_runs")
        with Api(truly) as api:
            began = time.monotonic()
            seeded = datetime.now(timezone.utc) - timedelta(seconds=30)
            note_calls(folder / "data", seeded, seeded)
            pipeline = live(folder / "data", api, TWO_COINS, *ONLY_PRICES, "--coingecko-calls-a-minute=4")
            first = pipeline.run("ExtractAndLoad")
            second = pipeline.run("ExtractAndLoad", "--date=2026-05-14")
            return [first, second], [began - 30, began - 30, *api.came_at], folder

    return workers.submit(run)


@pytest.mark.sweep  # half a minute of waiting; tests/test_budget.py has it with a clock that does not wait
def test_no_minute_sees_more_calls_than_the_budget_across_runs(two_runs):
    (first, second), came_at, _ = two_runs.result()
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr + second.stderr
    assert len(came_at) == 6
    assert [later - earlier > 60 for earlier, later in zip(came_at, came_at[4:], strict=False)] == [True, True]


@pytest.mark.sweep
def test_a_wait_for_the_budget_is_in_the_line_of_the_step(two_runs):
    (_, second), *_ = two_runs.result()
    assert "waited=" in second.stderr, second.stderr


# --- The month


def test_without_calls_left_in_the_month_nothing_is_asked(tmp_path):
    now = datetime.now(timezone.utc)
    note_calls(tmp_path / "data", *[now - timedelta(seconds=1)] * 3)
    with Api(truly) as api:
        result = live(tmp_path / "data", api, "--coingecko-calls-a-month=3").run("Visualize")
    assert (result.exit_code, len(result.errors), api.asked) == (20, 1, []), result.stderr
    assert "the 3 calls of" in result.errors[0]
    assert "raise [coingecko] calls_a_month" in result.errors[0]


def test_calls_that_run_out_on_the_way_leave_out_the_coin_that_there_was_none_for(tmp_path):
    with Api(truly) as api:
        pipeline = live(tmp_path / "data", api, TWO_COINS, "--coingecko-calls-a-month=1")
        result = pipeline.run("VerifyData")
    assert (result.exit_code, len(api.asked), len(result.errors)) == (20, 1, 1), result.stderr
    assert api.opinions_asked + api.extras_asked == []
    (left_out,) = {"bitcoin", "ethereum"} - {api.asked[0].coin_id}
    assert f"{left_out}/usd" in result.errors[0]


# --- A kill, and damage


def test_calls_of_a_killed_run_are_counted(tmp_path):
    with Api(always(delay=FOR_EVER)) as api:
        pipeline = live(tmp_path / "data", api, "--coingecko-timeout-seconds=300")
        with pipeline.started("ExtractAndLoad") as running:
            api.wait_for_a_request()
            running.kill_group()
    assert counted(tmp_path / "data") == 1


def test_a_damaged_ledger_of_calls_is_one_warning(tmp_path):
    ledger = tmp_path / "data/live/calls.duckdb"
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"no database at all " * 1000)
    with Api(truly) as api:
        result = live(tmp_path / "data", api).run("ExtractAndLoad")
    warnings = [line for line in result.stderr.splitlines() if "WARNING" in line]
    assert (result.exit_code, len(warnings)) == (0, 1), result.stderr
    assert "the call ledger was damaged" in warnings[0]
    assert counted(tmp_path / "data") == 3
