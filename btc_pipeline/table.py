"""The published candles as text, for the terminal.

Reads the published database as any reader would; prints nothing itself.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from btc_pipeline import candles
from btc_pipeline.candle import Candle
from btc_pipeline.chart_text import price_step, price_text
from btc_pipeline.settings import Settings
from btc_pipeline.world import World

_HEAD = ("day (UTC)", "open", "high", "low", "close", "24 h volume", "points", "coverage", "status")


def of_published(settings: Settings, day: date) -> str:
    """A table for each coin of the run's days, and where database and charts lie."""
    world = World(settings.data_dir, settings.source)
    about = candles.publication(world.published)
    blocks = []
    for coin, currency in settings.pairs:
        first = day - timedelta(days=settings.days)
        week = candles.published(world.published, coin, currency, first, day)
        title = f"{coin} / {currency} from {about['source']}, as of {about['as_of']}"
        chart = world.chart(coin, currency, day)
        blocks.append(f"{title}\n\n{_rows(week)}\n\nchart     {_near(chart)}" if week else f"{title}\n\nno candle")
    return "\n" + "\n\n".join(blocks) + f"\ndatabase  {_near(world.published)} (table daily_candlestick)"


def of_rows(rows: Sequence[Mapping[str, Any]], record: Mapping[str, Any] | None) -> str:
    """Candles that are published nowhere, as they were at an instant, and the record of the run that published them."""
    names = {field.name for field in dataclasses.fields(Candle)}
    was = "as no run on record published them (by today's models)"
    if record:
        about = record["publication"]
        was = f"exactly as the run of {about['run_date']} published them, at {about['published_at']}"
    blocks = [f"the candles {was}"]
    series = itertools.groupby(rows, key=lambda row: (row["coin_id"], row["vs_currency"], row["source"]))
    for (coin, currency, source), of_coin in series:
        candles_of_coin = [Candle(**{name: value for name, value in row.items() if name in names}) for row in of_coin]
        blocks.append(f"{coin} / {currency} from {source}\n\n{_rows(candles_of_coin)}")
    return "\n\n".join(blocks)


def _rows(week: Sequence[Candle]) -> str:
    step = price_step(max((candle.high for candle in week), default=1.0))
    rows = [_HEAD, *(_row(candle, step) for candle in week)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join("  ".join(_aligned(row, widths)).rstrip() for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    is_text = {0, len(_HEAD) - 1}
    return [
        cell.ljust(width) if column in is_text else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _row(candle: Candle, step: float) -> tuple[str, ...]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    volume = "unknown" if candle.volume_24h is None else f"{candle.volume_24h:,.0f}"
    return (
        candle.date.isoformat(),
        *(price_text(price, step) for price in prices),
        volume,
        str(candle.points),
        f"{math.floor(candle.coverage * 100)}%",
        candle.status,
    )


def _near(path: Path) -> str:
    """The path as a person would type it: relative where it lies below the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
