"""The kinds of bad answers that CoinGecko and APIs like it have given, or might give.

Written without a look at what the pipeline checks. `KINDS` has them by name, `CASES` each with each stream that it
makes sense for; `spoils.py` has the functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from btc_pipeline.coingecko.streams import CHART_5M, MARKET_CHART, OHLC
from tests.sweeps.spoils import (
    Spoil,
    as_it_is,
    backwards,
    by_rows,
    comes_again,
    figure,
    four_of_a_thousandth,
    frozen,
    leaves,
    live,
    moved,
    one_high,
    one_price,
    only_first,
    other_shape,
    page,
    point,
    rounded,
    scaled,
    settled_days_up,
    stray,
    times,
    to,
    with_repeats,
    with_two_live,
    without,
    without_end_of_yesterday,
    without_first_day,
)

CHARTS, ALL = (MARKET_CHART, CHART_5M), (MARKET_CHART, CHART_5M, OHLC)


@dataclass(frozen=True)
class Kind:
    """A kind of bad answer, made of the true one: of the other coin's if `of_other_coin`, or of that of `age` ago."""

    name: str
    what: str
    spoil: Spoil
    streams: tuple[str, ...] = CHARTS
    of_other_coin: bool = False
    age: timedelta = timedelta(0)


_FACTORS = (1000, 1e6, 1e-3, 5, 1.5, 1.004)
_SHIFTS = {"7 minutes": timedelta(minutes=7), "an hour": timedelta(hours=1), "a day": timedelta(days=1)}
_SHIFTS["a week"] = timedelta(days=7)
_FOUR_HOURS = timedelta(hours=4)
_FIGURES = {"volume": "total_volumes", "cap": "market_caps"}
_PLACES = {"that comes again": comes_again, "that leaves": leaves}

ROWS = [
    Kind("twin", "the answer of the other coin", as_it_is, ALL, of_other_coin=True),
    *(Kind(f"× {factor:g}", "all prices, caps and volumes", scaled(factor), ALL) for factor in _FACTORS),
    *(Kind(f"older half × {factor:g}", "the same, of its older half", scaled(factor, is_older_half=True), ALL)
      for factor in _FACTORS),
    *(Kind(f"a point {where} × {factor:g}", "one price", by_rows(point(which, times(factor))))
      for where, which in _PLACES.items() for factor in (2000, 5, 1.05)),
    *(Kind(f"a stray point × {factor:g}", "one more point, with a stamp of its own", by_rows(stray(factor)))
      for factor in (2000, 5, 1.05)),
    *(Kind(f"a price of {price:g}", "one price", by_rows(point(comes_again, to(price))))
      for price in (1e308, 1e-299)),
    Kind("four points / 1000", "four points in a row", by_rows(four_of_a_thousandth)),
    *(Kind(f"stamps early by {name}", "prices of then under older stamps", moved(-by)) for name, by in _SHIFTS.items()),
    *(Kind(f"stamps late by {name}", "prices of then under later stamps", moved(by)) for name, by in _SHIFTS.items()),
    *(Kind(f"old by {name}", "an answer of so long ago with the stamps of now", moved(by), age=by)
      for name, by in _SHIFTS.items()),
    Kind("stamps early by 4 hours", "a candle earlier", moved(-_FOUR_HOURS), (OHLC,)),
    Kind("stamps late by 4 hours", "a candle later", moved(_FOUR_HOURS), (OHLC,)),
    Kind("old by 4 hours", "the candles of before with the stamps of now", moved(_FOUR_HOURS), (OHLC,),
         age=_FOUR_HOURS),
    Kind("settled days + 0.4 %", "all prices before today", by_rows(settled_days_up)),
    Kind("without the end of yesterday", "its last two hours", by_rows(without_end_of_yesterday)),
    Kind("without every second point", "half of the points", by_rows(lambda rows, lot: [*rows[:-1:2], rows[-1]])),
    Kind("without its first day", "the first day", by_rows(without_first_day)),
    Kind("cut", "after half of its points or candles", only_first(lambda count: count // 2), ALL),
    Kind("last two rows swapped", "the live point is not the last",
         by_rows(lambda rows, lot: [*rows[:-2], rows[-1], rows[-2]])),
    Kind("without a live point", "all points are settled ones", by_rows(lambda rows, lot: rows[:-1])),
    Kind("a live point within a second", "its stamp is no whole second",
         by_rows(live(lambda row: row._replace(stamp=row.stamp - 543)))),
    Kind("two live points", "the other one a minute earlier, 0.3 % higher", by_rows(with_two_live)),
    Kind("a live point + 10 %", "its price", by_rows(live(lambda row: row._replace(price=row.price * 1.1)))),
    *(Kind(f"one price for {hours} hours", "the series stands still", by_rows(frozen(hours))) for hours in (6, 14)),
    Kind("three digits", "rounded prices", by_rows(rounded)),
    *(Kind(f"no {name}", "null", by_rows(figure(name, lambda _: None))) for name in _FIGURES),
    *(Kind(f"a {name} of 0", "zero", by_rows(figure(name, lambda _: 0.0))) for name in _FIGURES),
    *(Kind(f"{name} × 1000", "the figure alone", by_rows(figure(name, lambda value: value and value * 1000)))
      for name in _FIGURES),
    *(Kind(f"without {field}", "the field is missing", without(field)) for field in _FIGURES.values()),
    Kind("rows twice", "a tenth of the rows", with_repeats, ALL),
    Kind("backwards", "rows in reverse order", backwards, ALL),
    Kind("NaN", "one price", one_price(to(math.nan)), ALL),
    Kind("a negative price", "one price", one_price(times(-1)), ALL),
    Kind("a page of HTML", "instead of JSON", page, ALL),
    Kind("empty", "no points, or candles", only_first(lambda _: 0), ALL),
    Kind("another shape", "JSON, but another", other_shape, ALL),
    Kind("one high × 1.5", "of one candle", one_high, (OHLC,)),
]  # fmt: skip

KINDS = {kind.name: kind for kind in ROWS}
"""By name."""

CASES = [(kind, stream) for kind in ROWS for stream in kind.streams]
"""Each kind with each stream that it makes sense for."""
