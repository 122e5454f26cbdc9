"""Candles as a table of text, for the terminal.

Pure; prints nothing and reads nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import price_exponent, price_step, price_text, whole_percent
from btc_pipeline.terminal import grid
from btc_pipeline.warehouse import published

_HEAD = ("day (UTC)", "open", "high", "low", "close", "24 h volume", "points", "coverage", "status")
_IS_TEXT = {"day (UTC)", "status"}
_UNITS = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K"))
_DISPENSABLE = ("points", "24 h volume", "coverage")
"""The columns that a narrow terminal does not show; the first is the first to go."""


def of_candles(week: Sequence[Candle], width: int) -> list[str]:
    """The candles of one coin, a line for each day, and a line above them; as many columns as find room."""
    top = max((candle.high for candle in week), default=1.0)
    most = max((candle.volume_24h or 0.0 for candle in week), default=0.0)
    rows = [_HEAD, *(_row(candle, top, most) for candle in week)]
    columns = {name: [row[number] for row in rows] for number, name in enumerate(_HEAD)}
    for name in _DISPENSABLE:
        if _is_wider(columns, width):
            del columns[name]
    if _is_wider(columns, width):  # for the names of the doubts there is `show --format csv`
        columns["status"] = [_HEAD[-1], *("doubted" if candle.doubts else candle.status for candle in week)]
    numbers = {number for number, name in enumerate(columns) if name not in _IS_TEXT}
    return grid.lines(list(zip(*columns.values(), strict=True)), numbers)


def _is_wider(columns: Mapping[str, Sequence[str]], width: int) -> bool:
    return sum(max(map(len, cells)) for cells in columns.values()) + 2 * (len(columns) - 1) > width


def of_rows(rows: Sequence[Mapping[str, Any]], record: Mapping[str, Any] | None, width: int) -> str:
    """Candles as they were at an instant, and the record of the run that published them, if there is one."""
    was = "as no run on record published them (by today's models)"
    if record:
        about = record["publication"]
        was = f"exactly as the run of {about['run_date']} published them, at {about['published_at']}"
    blocks = [f"the candles {was}"]
    series = itertools.groupby(rows, key=lambda row: (row["coin_id"], row["vs_currency"], row["source"]))
    for (coin, currency, source), of_coin in series:
        shown = "\n".join(of_candles([published.candle_of(row) for row in of_coin], width))
        blocks.append(f"{coin} / {currency} from {source}\n\n{shown}")
    return "\n\n".join(blocks)


def _row(candle: Candle, top: float, most_volume: float) -> tuple[str, ...]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    step, exponent = price_step(top), price_exponent(top)
    volume = "unknown" if candle.volume_24h is None else _volume(candle.volume_24h, most_volume)
    return (
        candle.date.isoformat(),
        *(price_text(price, step, exponent) for price in prices),
        volume,
        str(candle.points),
        f"{whole_percent(candle.coverage)}%",
        candle.standing,
    )


def _volume(volume: float, most: float) -> str:
    """In the unit of the largest one beside it, for comparing; `show` has all digits."""
    unit, letter = next(((unit, letter) for unit, letter in _UNITS if most >= unit), (1.0, ""))
    return f"{volume / unit:,.2f}{letter}"
