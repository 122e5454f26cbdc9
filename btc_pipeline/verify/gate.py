"""The gate for raw answers: is this body the market chart that was requested?

Pure: takes a request and a body, opens nothing, reads no clock.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from btc_pipeline.coingecko import responses
from btc_pipeline.coingecko.streams import CHART_5M
from btc_pipeline.lake.raw_archive import Request
from btc_pipeline.market import instants, live_point

FIELDS = ("prices", "market_caps", "total_volumes")
"""The fields of an answer. Other fields are reported, and kept in the raw archive only."""

_SLACK = timedelta(minutes=2)
_EARLY = timedelta(minutes=5)
"""`days=1` counts back from when CoinGecko made the answer. Answers are cached, so one may begin before the window."""
_LEAST_SHARE_OF_POINTS, _REPEATED_POINTS = 0.5, 4
_LEAST_PRICE, _GREATEST_PRICE = 1e-30, 1e18  # no coin in any currency is beyond; arithmetic is exact enough within
IMPOSSIBLE_FACTOR = 500.0
"""No market makes such a step, up or down. Another unit makes one of 1000, times what the market has moved."""

WAIVABLE = {
    *("points_are_in_the_window", "there_are_enough_points"),
    *("no_price_is_repeated_for_hours", "no_price_jumps_by_a_large_factor"),
}
"""The checks that a person may release an answer from. Of what fails another one no candle can be made."""

SLOT_SECONDS = {"5-minute": 300, "hourly": 3600}
_OHLC_MS = 4 * 3_600_000
_MILLISECONDS_FROM, _MILLISECONDS_TO = 10**11, 10**14  # 1973 and 5138; 10**11 in seconds is 5138


class BadAnswerError(Exception):
    """Why an answer is rejected; names the row, if it is about one. `check` is the check that failed."""

    def __init__(self, reason: str, check: str) -> None:
        super().__init__(reason)
        self.check = check


class StaleAnswerError(BadAnswerError):
    """The newest point of an answer is too old."""


@dataclass(frozen=True)
class Verified:
    """What a good answer holds. `granularity` is `5-minute` or `hourly`; instants are in UTC.

    `newest_settled_at` does not count what may be the live point; if nothing else is there, it is `oldest_at`.
    `new_fields` are fields that CoinGecko's answers did not have when this was written.
    """

    points: int
    out_of_order: int
    granularity: str
    oldest_at: datetime
    newest_at: datetime
    newest_settled_at: datetime
    new_fields: tuple[str, ...] = ()


def market_chart(
    request: Request,
    body: bytes,
    max_age: timedelta = timedelta.max,
    repeat_hours: float = math.inf,
    jump_factor: float = math.inf,
    waived: Collection[str] = (),
) -> Verified:
    """Check an answer against its request.

    Args:
        request: the window and the instant of the extraction.
        body: the answer.
        max_age: the newest point may be this much older than the end of the window, or than the extraction.
            Only a run needs fresh prices, so an answer from the archive is not checked for it.
        repeat_hours: if the price stays the same for so long, it does not come from a market.
        jump_factor: nor does it if it becomes so many times as high, or as low, from one point to the next. Only a new
            answer that can be requested again is checked for it: of stored ones another answer may prove it right.
        waived: which of the `WAIVABLE` checks do not count for this answer; an empty name stands for all.

    Raises:
        StaleAnswerError: the newest point is too old.
        BadAnswerError: prices are missing, not finite, not positive, not in milliseconds, outside the window,
            in conflict, too few, too old, daily, the same for too long, or a multiple of the price before.
    """
    chart = responses.market_chart(body)
    if chart is None:
        raise BadAnswerError(f"not a market chart but {responses.error_message(body)}", "the_answer_is_a_market_chart")
    for name in FIELDS:
        if name not in chart:
            raise BadAnswerError(f"the field {name} is missing", "all_fields_are_there")
    points = [_point(row, pair) for row, pair in enumerate(chart["prices"])]
    if not points:
        raise BadAnswerError("prices is empty", "there_are_points")
    for name in ("market_caps", "total_volumes"):
        _check_companion(name, chart.get(name))
    with _but_for(waived):
        _check_window(request, points)
    _check_conflicts(points)
    stamps = [stamp for stamp, _ in points]
    granularity = _granularity(stamps)
    end = min(request.window_to, request.extracted_at)
    newest_at, oldest_at = instants.of_milliseconds(max(stamps)), instants.of_milliseconds(min(stamps))
    with _but_for(waived):
        _check_market(points, repeat_hours)
    with _but_for(waived):
        _check_jumps(points, jump_factor)
    with _but_for(waived):
        _check_number(stamps, granularity, end - max(request.window_from, oldest_at))
    if end - newest_at > max_age:
        raise StaleAnswerError(
            f"row {stamps.index(max(stamps))}: the newest point, {instants.text(newest_at)}, is stale:"
            f" {(end - newest_at).total_seconds() / 3600:.1f} hours old",
            "the_newest_point_is_fresh",
        )
    out_of_order = sum(later < earlier for earlier, later in itertools.pairwise(stamps))
    settled = set(stamps) - live_point.candidates(stamps, request.window_to, request.extracted_at)
    new_fields = tuple(sorted(set(chart) - set(FIELDS)))
    newest_settled_at = instants.of_milliseconds(max(settled, default=min(stamps)))
    return Verified(len(points), out_of_order, granularity, oldest_at, newest_at, newest_settled_at, new_fields)


@contextmanager
def _but_for(waived: Collection[str]) -> Iterator[None]:
    try:
        yield
    except BadAnswerError as error:
        if error.check not in WAIVABLE or not {error.check, ""} & {*waived}:
            raise


def is_empty(body: bytes) -> bool:
    """Whether an answer is a market chart without a point, as for days before a coin was listed."""
    chart = responses.market_chart(body)
    return chart is not None and not chart["prices"]


def ohlc(request: Request, body: bytes) -> int:
    """Check an answer of CoinGecko's own candles; returns how many there are.

    Raises:
        BadAnswerError: a candle is not `[close, open, high, low, close]`; its stamp is not on a whole four hours in
            milliseconds, or is after the open candle's; it is there twice; or its low and high do not enclose it.
    """
    candles = responses.ohlc(body)
    if candles is None:
        raise BadAnswerError(f"not candles but {responses.error_message(body)}", "the_answer_is_candles")
    stamps: set[int] = set()
    for row, candle in enumerate(candles):
        if len(candle) != 5:
            raise BadAnswerError(
                f"row {row}: expected [time, open, high, low, close], got {_shown(candle)}", "candles_have_four_prices"
            )
        prices = [_point(row, [candle[0], price])[1] for price in candle[1:]]
        if prices[1] != max(prices) or prices[2] != min(prices):
            raise BadAnswerError(
                f"row {row}: low and high of {_shown(candle)} do not enclose its prices",
                "high_and_low_enclose_the_candle",
            )
        closes_at = instants.of_milliseconds(int(candle[0]))
        if int(candle[0]) % _OHLC_MS or closes_at >= request.extracted_at + timedelta(milliseconds=_OHLC_MS) + _SLACK:
            raise BadAnswerError(
                f"row {row}: {instants.text(closes_at)} is not the close of a four-hour candle up to now",
                "candles_close_every_four_hours",
            )
        if candle[0] in stamps:
            raise BadAnswerError(f"row {row}: there are two candles at {candle[0]}", "no_candle_is_there_twice")
        stamps.add(candle[0])
    return len(candles)


def _point(row: int, pair: Any) -> tuple[int, float]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise BadAnswerError(f"row {row}: expected [time, price], got {_shown(pair)}", "points_are_pairs")
    stamp, price = pair
    if not _is_finite(stamp) or stamp != int(stamp):
        raise BadAnswerError(
            f"row {row}: time {_shown(stamp)} is not a whole number of milliseconds", "times_are_milliseconds"
        )
    if not _is_finite(price):
        raise BadAnswerError(f"row {row}: price {_shown(price)} is not a finite number", "prices_are_finite")
    if price <= 0:
        raise BadAnswerError(f"row {row}: price {_shown(price)} is not positive", "prices_are_positive")
    if not _LEAST_PRICE <= price <= _GREATEST_PRICE:
        raise BadAnswerError(f"row {row}: no coin has a price of {_shown(price)}", "prices_are_possible")
    if not _MILLISECONDS_FROM <= stamp < _MILLISECONDS_TO:
        raise BadAnswerError(f"row {row}: time {_shown(stamp)} is not in milliseconds", "times_are_milliseconds")
    return int(stamp), float(price)


def _check_companion(name: str, pairs: Any) -> None:
    """Check market caps or volumes: they may be missing or null; if not, they must be times and amounts."""
    if pairs is None:
        return
    if not isinstance(pairs, list):
        raise BadAnswerError(f"{name} is not an array", "amounts_are_amounts")
    for row, pair in enumerate(pairs):
        is_pair = isinstance(pair, list) and len(pair) == 2 and _is_finite(pair[0]) and 0 <= pair[0] < _MILLISECONDS_TO
        if not is_pair or not (pair[1] is None or (_is_finite(pair[1]) and pair[1] >= 0)):
            raise BadAnswerError(
                f"{name}, row {row}: expected [time, amount or null], got {_shown(pair)}", "amounts_are_amounts"
            )


def _check_window(request: Request, points: list[tuple[int, float]]) -> None:
    first = request.window_from - (_EARLY if request.stream == CHART_5M else timedelta())
    last = min(request.window_to, request.extracted_at) + _SLACK
    for row, (stamp, _) in enumerate(points):
        at = instants.of_milliseconds(stamp)
        if not first <= at <= last:
            raise BadAnswerError(
                f"row {row}: {instants.text(at)} is outside the window"
                f" {instants.text(first)} to {instants.text(last - _SLACK)}",
                "points_are_in_the_window",
            )


def _check_conflicts(points: list[tuple[int, float]]) -> None:
    seen: dict[int, tuple[int, float]] = {}
    for row, (stamp, price) in enumerate(points):
        earlier_row, earlier_price = seen.setdefault(stamp, (row, price))
        if price != earlier_price:
            raise BadAnswerError(
                f"rows {earlier_row} and {row}: two prices at {stamp}: {earlier_price!r} and {price!r}",
                "no_stamp_has_two_prices",
            )


def _granularity(stamps: list[int]) -> str:
    """CoinGecko chooses the granularity by the window's length; the median step between points shows which it is."""
    ordered = sorted(set(stamps))
    steps = [(later - earlier) / 1000 for earlier, later in itertools.pairwise(ordered)]
    if not steps:
        raise BadAnswerError("a single point has no granularity", "points_are_hourly_or_finer")
    step = median(steps)
    if step <= 900:
        return "5-minute"
    if step <= 3 * 3600:
        return "hourly"
    raise BadAnswerError(
        f"the points are {step / 3600:.1f} hours apart: daily points are too coarse for candles",
        "points_are_hourly_or_finer",
    )


def _check_market(points: list[tuple[int, float]], repeat_hours: float) -> None:
    """Check that no price stays the same for `repeat_hours`, over four points or more."""
    for price, same in itertools.groupby(sorted(points), key=lambda point: point[1]):
        stamps = [stamp for stamp, _ in same]
        hours = (stamps[-1] - stamps[0]) / 3_600_000
        if len(stamps) >= _REPEATED_POINTS and hours >= repeat_hours:
            raise BadAnswerError(
                f"row {points.index((stamps[0], price))} on: the very same price, {price!r}, for {hours:.1f} hours,"
                f" [pipeline] repeat_hours = {repeat_hours:g}",
                "no_price_is_repeated_for_hours",
            )


def _check_jumps(points: list[tuple[int, float]], jump_factor: float) -> None:
    for (_, before), (stamp, price) in itertools.pairwise(sorted(points)):
        if max(price / before, before / price) >= jump_factor:
            raise BadAnswerError(
                f"row {points.index((stamp, price))}: the price goes from {before!r} to {price!r} in one step",
                "no_price_jumps_by_a_large_factor",
            )


# Counted from the first point on: a coin may be younger than the window. A missing beginning is a gap.
def _check_number(stamps: list[int], granularity: str, window: timedelta) -> None:
    seconds = SLOT_SECONDS[granularity]
    expected = math.floor(window.total_seconds() / seconds)
    if (seen := len({stamp // (seconds * 1000) for stamp in stamps})) < expected * _LEAST_SHARE_OF_POINTS:
        raise BadAnswerError(f"too few points: {seen} of {expected} {granularity} slots", "there_are_enough_points")


def _is_finite(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
