"""One sync: which requests are sent, what happens to each answer, and when to stop sending.

It keeps the state of the connector process between its streams. `components.py` calls it before each request and after
each answer, from two threads. Imports nothing of Airbyte.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from btc_pipeline.coingecko import responses, streams
from btc_pipeline.coingecko.connector.rate_limit import Budget, SpentBudgetError
from btc_pipeline.coingecko.streams import STREAMS
from btc_pipeline.lake import raw_archive

_FINAL_STATUSES = frozenset({400, 401, 403, 404, 405, 410, 414, 422, 451})
_OF_THE_COIN = frozenset({200, 400, 404, 422})  # one coin's error says nothing about the next coin
_LONGEST_BACKOFF_SECONDS = 30.0
_SERVER_ERRORS_THAT_STOP = 2  # coins in a row
_NO_PRICES = "not requested, because there are no prices"
_TOO_LATE = "not requested, after a request without an answer"


class NotSentError(Exception):
    """A request is not sent; the message says why."""


class RequestId(NamedTuple):
    """One request: its stream, and its number in the job."""

    stream: str
    number: str

    @property
    def is_price(self) -> bool:
        """Whether it is for prices, which a run needs. Others have one try, and the run goes on without them."""
        return self.stream in STREAMS and STREAMS[self.stream].is_needed


class Decision(NamedTuple):
    """What happens to a request: it is `accepted`, `given_up`, or sent `again` after `wait_seconds`."""

    kind: str
    reason: str = ""
    wait_seconds: float = 0.0


@dataclass
class Sync:
    """The state of a sync.

    Args:
        requests: the requests, by stream and number.
        raw: the archive. Each accepted answer is kept at once, so after a kill the next run does not request it again.
        budget: of calls; None for the sample's server.
        max_retries: how often a request for prices is tried again.
        max_wait_seconds: the longest Retry-After that is obeyed.
        now: the instant of extraction for all answers; None: when each answer comes.
        takes_empty: whether an answer without points is accepted, as for days before the coin was listed.
        tell: called at the end of each request, and before a wait for another try.
        jitter: a random number from 0 to 1, for the time between tries.
    """

    requests: Mapping[str, Mapping[str, raw_archive.Request]]
    raw: Path
    budget: Budget | None
    max_retries: int
    max_wait_seconds: float
    now: datetime | None
    takes_empty: bool
    tell: Callable[[Mapping[str, Any]], object]
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self.failed: dict[RequestId, str] = {}
        self.lists: dict[str, bytes] = {}
        self._ids = {
            _key(request): RequestId(stream, number)
            for stream, requests in self.requests.items()
            for number, request in requests.items()
        }
        self._not_found: dict[tuple[str, str] | None, str] = {}
        self._without_prices: set[tuple[str, str] | None] = set()
        self._tries: Counter[RequestId] = Counter()
        self._server_errors = 0
        self._stop_all = self._stop_extras = ""
        self._lock = threading.Lock()

    def id_of(self, url: str) -> RequestId:
        """The request that a URL belongs to."""
        parts = urlsplit(url)
        stream = streams.of_path(parts.path)
        if stream in streams.LISTS:
            return RequestId(stream, "0")
        coin = parts.path.rpartition("/coins/")[2].partition("/")[0]
        query = parse_qs(parts.query)
        return self._ids[stream, coin, query["vs_currency"][0], query.get("from", [""])[0]]

    def before_sending(self, url: str) -> None:
        """Wait for the budget, and count the call.

        Raises:
            NotSentError: after an earlier answer the request is useless, or the budget is spent.
        """
        wanted = self.id_of(url)
        pair = self._pair_of(wanted)
        of_pair = self._not_found.get(pair, "") if wanted.is_price else _NO_PRICES * (pair in self._without_prices)
        why_not = self._stop_all or ("" if wanted.is_price else self._stop_extras) or of_pair
        if why_not:
            raise NotSentError(why_not)
        if self.budget:
            try:
                self.budget.take(urlsplit(url).path)
            except SpentBudgetError as error:
                self._stop_all = str(error)
                raise NotSentError(str(error)) from None

    def judge(self, url: str, status: int, body: bytes, retry_after: str | None) -> Decision:
        """Decide what happens to an answer. An accepted answer is in the archive on return."""
        wanted = self.id_of(url)
        if status == 200 and self._has_kept(wanted, body):
            self._server_errors = 0
            return Decision("accepted")
        reason = f"HTTP {status}, {responses.error_message(body)}"
        if status == 200 or status in _FINAL_STATUSES:
            return self._give_up(wanted, reason, stops=status not in _OF_THE_COIN)
        wait = responses.retry_after_seconds(retry_after, datetime.now(timezone.utc))
        if wait is not None and wait > self.max_wait_seconds:
            reason += f"; it asks to wait {wait:.0f} s, more than max_wait_seconds = {self.max_wait_seconds:g}"
            return self._give_up(wanted, reason, stops=True)
        if wait and self.budget:
            self.budget.pause(wait)
        return self._try_again(wanted, reason, wait, is_server_error=status != 429)

    def without_answer(self, url: str, why: str) -> Decision:
        """Decide what happens to a request without an answer."""
        return self._try_again(self.id_of(url), f"no answer: {why}", None, is_server_error=False)

    def not_read(self, url: str, reason: str, *, stops: bool) -> Decision:
        """Decide what happens to an answer that is not read to its end, or to a request that is not sent."""
        return self._give_up(self.id_of(url), reason, stops=stops)

    def _pair_of(self, wanted: RequestId) -> tuple[str, str] | None:
        request = self.requests.get(wanted.stream, {}).get(wanted.number)
        return (request.coin_id, request.vs_currency) if request else None

    def _try_again(self, wanted: RequestId, reason: str, wait: float | None, *, is_server_error: bool) -> Decision:
        self._tries[wanted] += 1
        if wanted.is_price and self._tries[wanted] <= self.max_retries:
            backoff = min(_LONGEST_BACKOFF_SECONDS, 0.5 * 2.0 ** (self._tries[wanted] - 1)) * (1 + self.jitter() / 2)
            self.tell({"waits_seconds": wait or backoff, "why": reason})
            return Decision("again", reason, wait or backoff)
        self._server_errors += is_server_error
        return self._give_up(
            wanted, reason, stops=not is_server_error or self._server_errors >= _SERVER_ERRORS_THAT_STOP
        )

    def _give_up(self, wanted: RequestId, reason: str, *, stops: bool) -> Decision:
        with self._lock:
            self.failed[wanted] = reason
            if wanted.is_price:
                pair = self._pair_of(wanted)
                self._without_prices.add(pair)
                if reason.startswith("HTTP 404"):  # the coin does not exist, so no other window does
                    self._not_found.setdefault(pair, reason)
            if stops and wanted.is_price:
                self._stop_all = self._stop_all or f"{_TOO_LATE}: {reason}"
            elif stops:
                self._stop_extras = self._stop_extras or _TOO_LATE
        self.tell({"stream": wanted.stream, "number": wanted.number, "failed": reason})
        return Decision("given_up", reason)

    def _has_kept(self, wanted: RequestId, body: bytes) -> bool:
        """Archive the body if it is what was requested; returns whether it is."""
        if wanted.stream in streams.LISTS:
            if responses.names(body):
                self.lists[wanted.stream] = body
            return wanted.stream in self.lists
        if not self._is_wanted(wanted, body):
            return False
        entry = raw_archive.keep(self.raw, self._dated(self.requests[wanted.stream][wanted.number]), body)
        self.tell({"stream": wanted.stream, "number": wanted.number, "file": entry.file})
        return True

    def _is_wanted(self, wanted: RequestId, body: bytes) -> bool:
        if STREAMS[wanted.stream].shape == "candles":
            return responses.ohlc(body) is not None
        chart = responses.market_chart(body)
        return chart is not None and (self.takes_empty or not wanted.is_price or bool(chart["prices"]))

    def _dated(self, request: raw_archive.Request) -> raw_archive.Request:
        """The request with the instant of its answer. A window that counts back from now moves with it."""
        moment = self.now or datetime.now(timezone.utc)
        if STREAMS[request.stream].is_range:
            return replace(request, extracted_at=moment)
        span = request.window_to - request.window_from
        return replace(request, extracted_at=moment, window_from=moment - span, window_to=moment)


def _key(request: raw_archive.Request) -> tuple[str, str, str, str]:
    """The parts of a request's URL that `Sync.id_of` reads."""
    first = str(int(request.window_from.timestamp())) if STREAMS[request.stream].is_range else ""
    return request.stream, request.coin_id, request.vs_currency, first
