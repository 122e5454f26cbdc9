"""Waiting as CoinGecko asks, and as the budget does: told of before it begins, and for all that is about to be sent."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from btc_pipeline.coingecko.connector.rate_limit import Budget
from btc_pipeline.coingecko.connector.request_policy import Sync
from btc_pipeline.lake import raw_archive

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
URL = "http://127.0.0.1/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd&from=1778198400&to=1778851800"


class Calls:
    """A ledger in memory."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)

    def count(self, since):
        return len(self.since(since))

    def since(self, moment):
        return [second for second in self.seconds if second >= moment.timestamp()]

    def add(self, moment, path):
        self.seconds.append(moment.timestamp())


class Clock:
    """A clock that moves when somebody sleeps; `events` happen at the end of the sleeps."""

    def __init__(self, *events):
        self.now = NOW.timestamp()
        self.slept = []
        self.events = list(events)

    def sleep(self, seconds):
        self.slept.append(round(seconds))
        self.now += seconds
        if self.events:
            self.events.pop(0)()


def budget(clock, ledger, calls_a_minute=2):
    return Budget(ledger, calls_a_minute, 0, lambda *_: None, clock=lambda: clock.now, sleep=clock.sleep)


@pytest.mark.parametrize("retry_after", ["170", None])
def test_a_wait_before_another_try_is_told_so_that_the_deadline_is_put_off(tmp_path, retry_after):
    start = datetime(2026, 5, 8, tzinfo=timezone.utc)
    request = raw_archive.Request("bitcoin", "usd", date(2026, 5, 15), start, NOW, NOW, "test", "market_chart")
    told: list[Any] = []
    sync = Sync({"market_chart": {"0": request}}, tmp_path, None, 1, 180, None, False, told.append, lambda: 0.0)
    verdict = sync.judge(URL.replace("1778198400", str(int(start.timestamp()))), 429, b"error code: 1015", retry_after)
    assert verdict.kind == "again"
    assert [event["waits_seconds"] for event in told] == [verdict.wait_seconds]


def test_a_retry_after_holds_what_was_waiting_for_the_budget_already():
    clock = Clock()
    held = budget(clock, Calls(NOW.timestamp() - 30, NOW.timestamp() - 20))
    clock.events.append(lambda: held.pause(100))
    held.take("/ping")
    assert clock.slept == [31, 100]


def test_a_clock_that_was_put_back_holds_a_call_for_a_minute_at_most():
    clock = Clock()
    budget(clock, Calls(NOW.timestamp() + 3000, NOW.timestamp() + 3001)).take("/ping")
    assert clock.slept == [61]


@pytest.mark.parametrize("calls_a_minute", [1, 2, 5])
def test_no_minute_sees_more_calls_than_the_budget_though_one_is_under_way_longer(calls_a_minute):
    clock, ledger = Clock(), Calls()
    for _ in range(3 * calls_a_minute):
        budget(clock, ledger, calls_a_minute).take("/ping")  # each by a run of its own
        clock.now += 0.2
    late = timedelta(seconds=0.9).total_seconds()
    for number, second in enumerate(ledger.seconds[calls_a_minute:]):
        assert second - (ledger.seconds[number] + late) > 60
