"""What candles must be so that a chart can be drawn of them.

Pure. Must not import matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import ChartFacts


def in_order(candles: Sequence[Candle], facts: ChartFacts) -> list[Candle]:
    """The candles in order of their days.

    Raises ValueError for two of one day, one outside the window, one of another coin or currency, and one that is
    no candle.
    """
    chart = f"coin_id={facts.coin_id} vs_currency={facts.vs_currency} days={facts.first_day}..{facts.last_day}"
    ordered = sorted(candles, key=lambda candle: candle.date)
    days_seen = set()
    for candle in ordered:
        if (candle.coin_id, candle.vs_currency) != (facts.coin_id, facts.vs_currency):
            raise ValueError(f"candle of another chart: {candle} {chart}")
        if not facts.first_day <= candle.date <= facts.last_day:
            raise ValueError(f"candle outside the chart's days: {candle} {chart}")
        if candle.date in days_seen:
            raise ValueError(f"two candles of one day: {candle} {chart}")
        body_bottom, body_top = sorted((candle.open, candle.close))
        if not 0 < candle.low <= body_bottom <= body_top <= candle.high < math.inf:
            raise ValueError(f"not a candle: {candle} {chart}")
        days_seen.add(candle.date)
    return ordered
