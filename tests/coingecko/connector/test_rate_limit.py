"""The budget of calls: no 60 seconds see more than the plan allows, across runs; the month ends where it should."""

from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko import call_ledger
from btc_pipeline.coingecko.connector.rate_limit import Budget, SpentBudgetError
from btc_pipeline.warehouse import duckdb_files

START = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self, moment=START):
        self.seconds = moment.timestamp()

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path):
    database = tmp_path / "calls.duckdb"
    assert call_ledger.prepare(database)
    with duckdb_files.opened(database, read_only=False) as connection:
        yield call_ledger.Ledger(connection, "demo", "api.coingecko.com")


@pytest.fixture
def told():
    """What a budget says: seconds, and why."""
    return []


@pytest.fixture
def budget(ledger, clock, told):
    """A function that makes the budget of a run."""

    def make(calls_a_minute=5, calls_a_month=0):
        return Budget(
            ledger, calls_a_minute, calls_a_month, lambda *what: told.append(what), clock=clock, sleep=clock.sleep
        )

    return make


def most_in_a_minute(stamps):
    return max(sum(first <= stamp < first + 60 for stamp in stamps) for first in stamps)


@pytest.mark.parametrize("rate", [1, 5, 30])
def test_no_minute_sees_more_calls_than_the_rate(rate, budget, ledger):
    run = budget(rate)
    for _ in range(4 * rate + 3):
        run.take("/coins/bitcoin/ohlc")
    assert most_in_a_minute(ledger.since(START)) == rate


def test_the_calls_of_earlier_runs_count(budget, ledger, clock):
    for number in range(5):
        ledger.add(START - timedelta(seconds=50 - number), "/ping")
    budget(5).take("/coins/bitcoin/ohlc")
    assert clock() - START.timestamp() == pytest.approx(11)  # the oldest token is back after 61 s


def test_a_budget_that_is_not_spent_does_not_wait(budget, clock, told):
    run = budget(5)
    for _ in range(5):
        run.take("/coins/bitcoin/ohlc")
    assert (clock(), run.waited_seconds, told) == (START.timestamp(), 0, [])


def test_a_wait_is_told_with_its_reason(budget, told):
    run = budget(1)
    run.take("/a")
    run.take("/b")
    assert told == [(pytest.approx(61), "1 calls a minute")]
    assert (run.calls, run.waited_seconds) == (2, pytest.approx(61))


def test_a_pause_holds_up_all_that_is_asked(budget, clock, told):
    run = budget(1000)
    run.pause(119)
    run.take("/a")
    assert clock() - START.timestamp() == pytest.approx(119)
    assert told == [(pytest.approx(119), "CoinGecko asked to wait")]


def test_each_call_is_counted_before_it_is_made(budget, ledger):
    budget().take("/coins/bitcoin/ohlc")
    assert ledger.count(START) == 1


def test_a_month_s_budget_ends(budget, ledger):
    run = budget(1000, calls_a_month=3)
    for _ in range(3):
        run.take("/a")
    with pytest.raises(SpentBudgetError, match="the 3 calls of 2026-05 are spent"):
        run.take("/a")
    assert ledger.count(START) == 3


def test_a_month_s_budget_knows_earlier_runs(budget, ledger):
    for day in (1, 2, 3):
        ledger.add(START.replace(day=day), "/a")
    with pytest.raises(SpentBudgetError):
        budget(1000, calls_a_month=3).take("/a")


def test_the_next_month_begins_anew(budget, ledger, clock):
    ledger.add(START, "/a")
    run = budget(1000, calls_a_month=1)
    clock.seconds = datetime(2026, 6, 1, tzinfo=timezone.utc).timestamp()
    run.take("/a")
    assert ledger.count(START) == 2


def test_a_clock_that_was_set_back_does_not_hold_a_run_up_for_long(budget, ledger, clock):
    for number in range(5):
        ledger.add(START + timedelta(days=1, seconds=number), "/a")
    budget(5).take("/a")
    assert clock() - START.timestamp() <= 61


# --- The ledger


def test_the_calls_of_another_plan_or_host_are_not_counted(tmp_path):
    database = tmp_path / "calls.duckdb"
    call_ledger.prepare(database)
    with duckdb_files.opened(database, read_only=False) as connection:
        call_ledger.Ledger(connection, "demo", "api.coingecko.com").add(START, "/a")
        call_ledger.Ledger(connection, "pro", "pro-api.coingecko.com").add(START, "/a")
    counted = [
        call_ledger.count(database, *whose, START)
        for whose in [("demo", "api.coingecko.com"), ("demo", "127.0.0.1"), ("keyless", "api.coingecko.com")]
    ]
    assert counted == [1, 0, 0]


def test_without_a_ledger_nothing_was_called_and_none_is_made(tmp_path):
    assert call_ledger.count(tmp_path / "calls.duckdb", "demo", "api.coingecko.com", START) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ledger_is_set_aside(tmp_path):
    database = tmp_path / "calls.duckdb"
    database.write_bytes(b"no database")
    assert not call_ledger.prepare(database)
    assert call_ledger.count(database, "demo", "api.coingecko.com", START) == 0
    assert (tmp_path / "calls.duckdb.damaged").read_bytes() == b"no database"


def test_a_path_with_a_quote_is_counted_as_it_is(ledger):
    ledger.add(START, "/coins/it's/ohlc")
    assert ledger.count(START) == 1
