"""The faults of the self-test that the gate for answers rejects, and the functions that spoil an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from btc_pipeline.selftest.kinds import AnswerFault, Chart, Fault

HOUR_MS = 3_600_000


def _price(row: int, price: object) -> Callable[[Chart], object]:
    return lambda chart: chart["prices"][row].__setitem__(1, price)


def _stamps(change: Callable[[int], int]) -> Callable[[Chart], object]:
    def spoil(chart: Chart) -> None:
        for name in ("prices", "market_caps", "total_volumes"):
            chart[name] = [[change(stamp), value] for stamp, value in chart[name]]

    return spoil


def _kept(keep: Callable[[list[Any]], list[Any]]) -> Callable[[Chart], object]:
    def spoil(chart: Chart) -> None:
        for name in ("prices", "market_caps", "total_volumes"):
            chart[name] = keep(chart[name])

    return spoil


def _repeated_for(hours: int) -> Callable[[Chart], object]:
    def spoil(chart: Chart) -> None:
        first = chart["prices"][40]
        for point in chart["prices"][40:]:
            if point[0] <= first[0] + hours * HOUR_MS:
                point[1] = first[1]

    return spoil


ANSWERS: tuple[Fault, ...] = (
    AnswerFault("zero price", "prices_are_positive", _price(70, 0)),
    AnswerFault("negative price", "prices_are_positive", _price(70, -64_000.5)),
    AnswerFault("price of no coin", "prices_are_possible", _price(70, 1e299)),
    AnswerFault("price that jumps", "no_price_jumps_by_a_large_factor", _price(70, 64_000_000_000.5)),
    AnswerFault("NaN price", "prices_are_finite", _price(70, float("nan"))),
    AnswerFault("price missing (null)", "prices_are_finite", _price(70, None)),
    AnswerFault("price as text", "prices_are_finite", _price(70, "64000.5")),
    AnswerFault("pair without its price", "points_are_pairs", lambda chart: chart["prices"][70].pop()),
    AnswerFault("array truncated", "there_are_enough_points", _kept(lambda points: points[: len(points) // 3])),
    AnswerFault("answer cut off", "the_answer_is_a_market_chart", lambda chart: json.dumps(chart).encode()[:-900]),
    AnswerFault("HTML instead of JSON", "the_answer_is_a_market_chart", lambda _: b"<html>busy</html>"),
    AnswerFault("field missing", "all_fields_are_there", lambda chart: chart.pop("total_volumes")),
    AnswerFault("no points", "there_are_points", _kept(lambda _: [])),
    AnswerFault("negative volume", "amounts_are_amounts", lambda chart: chart["total_volumes"][9].__setitem__(1, -1)),
    AnswerFault("seconds instead of milliseconds", "times_are_milliseconds", _stamps(lambda stamp: stamp // 1000)),
    AnswerFault("zone shifted ahead (+5:30)", "points_are_in_the_window", _stamps(lambda at: at + 11 * HOUR_MS // 2)),
    AnswerFault("zone shifted back (-8:00)", "points_are_in_the_window", _stamps(lambda at: at - 8 * HOUR_MS)),
    AnswerFault(
        "future point",
        "points_are_in_the_window",
        lambda chart: chart["prices"].append([chart["prices"][-1][0] + 9 * HOUR_MS, chart["prices"][-1][1]]),
    ),
    AnswerFault(
        "conflicting duplicates",
        "no_stamp_has_two_prices",
        lambda chart: chart["prices"].insert(70, [chart["prices"][70][0], chart["prices"][70][1] * 1.01]),
    ),
    AnswerFault("daily points passed as hourly", "points_are_hourly_or_finer", _kept(lambda points: points[::24])),
    AnswerFault("price that stands still", "no_price_is_repeated_for_hours", _repeated_for(16)),
    AnswerFault("series that has stopped", "the_newest_point_is_fresh", _kept(lambda points: points[:-12])),
)
