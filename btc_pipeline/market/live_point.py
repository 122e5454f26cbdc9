"""The live point: the point that CoinGecko appends to an answer for "now". It is not part of the settled series.

Source of the rule: recorded answers of `market_chart`. The models have the same rule in SQL
(`stg_coingecko__points`), the simulator makes such points. Pure.
"""

from __future__ import annotations

from datetime import datetime

from btc_pipeline.market.days import SETTLED_AFTER


def may_be_live(stamp: int) -> bool:
    """Whether a stamp, in milliseconds, is on a whole second. The stamp of a live point always is."""
    return stamp % 1000 == 0


def is_live(last_stamp: int, window_to: datetime, extracted_at: datetime) -> bool:
    """Whether the last point of an answer is its live point: the window reached now when it was requested."""
    return may_be_live(last_stamp) and window_to > extracted_at - SETTLED_AFTER
