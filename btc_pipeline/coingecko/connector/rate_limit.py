"""The budget of calls: one token bucket for all requests, across streams, coins and runs.

Waits and counts; knows no HTTP. Used only in the connector process, by two threads.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Protocol

from btc_pipeline.coingecko.call_ledger import month_of

_MINUTE = 61.0  # one second more, because a call can take longer on its way than the call after it


class SpentBudgetError(Exception):
    """The month's calls are spent."""


class Calls(Protocol):
    """Where calls are counted across runs: `call_ledger.Ledger`."""

    def count(self, since: datetime, /) -> int:
        """How many calls there were since an instant."""

    def since(self, moment: datetime, /) -> list[float]:
        """When they were made, as unix seconds, in order."""

    def add(self, moment: datetime, path: str, /) -> None:
        """Count one more."""


class Budget:
    """A bucket of `calls_a_minute` tokens. Each token is back after a minute, so no minute has more calls.

    Args:
        ledger: the calls of this plan, earlier runs' included.
        calls_a_minute: at least 1.
        calls_a_month: in the UTC month; 0 means no limit.
        tell: called with how many seconds a call has to wait, and why.
        clock: unix seconds.
        sleep: waits.
    """

    def __init__(
        self,
        ledger: Calls,
        calls_a_minute: int,
        calls_a_month: int,
        tell: Callable[[float, str], object],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._size = calls_a_minute
        self._calls_a_month = calls_a_month
        self._tell, self._clock, self._sleep = tell, clock, sleep
        self._lock, self._pausing = threading.Lock(), threading.Lock()
        self._paused_until = 0.0
        now = _instant(clock())
        self._month, self._in_month = month_of(now), ledger.count(month_of(now))
        self._taken = deque(ledger.since(_instant(clock() - _MINUTE)), maxlen=calls_a_minute)
        self.calls = 0
        self.waited_seconds = 0.0

    def take(self, path: str) -> None:
        """Wait until a call may be made, and count it.

        Raises:
            SpentBudgetError: all calls of this month have been made.
        """
        with self._lock:
            self._check_month()
            self._wait()
            self._check_month()
            now = self._clock()
            self._ledger.add(_instant(now), path)
            self._taken.append(now)
            self._in_month += 1
            self.calls += 1

    def pause(self, seconds: float) -> None:
        """Send no request for this time, after a Retry-After; not even one that already waits for its turn."""
        with self._pausing:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _check_month(self) -> None:
        month = month_of(_instant(self._clock()))
        if month != self._month:
            self._month, self._in_month = month, 0
        if self._calls_a_month and self._in_month >= self._calls_a_month:
            raise SpentBudgetError(f"the {self._calls_a_month} calls of {self._month:%Y-%m} are spent")

    def _wait(self) -> None:
        """Wait once; again only after a new Retry-After. So if the clock is set back, the wait is not longer."""
        is_full = len(self._taken) == self._size
        waited_until = 0.0
        while True:
            now = self._clock()
            free_at = min(self._taken[0], now) + _MINUTE if is_full and not waited_until else now
            until = max(free_at, self._paused_until)
            if until <= now or until <= waited_until:
                return
            is_budget = free_at >= self._paused_until
            self._tell(until - now, f"{self._size} calls a minute" if is_budget else "CoinGecko asked to wait")
            self._sleep(until - now)
            self.waited_seconds += until - now
            waited_until = until


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
