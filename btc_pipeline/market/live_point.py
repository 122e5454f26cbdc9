"""The live point: the point that CoinGecko appends to an answer for "now". It is not part of the settled series.

Source of the rule: recorded answers of `market_chart`. A live point is stamped on a whole second, up to 30 minutes
before the extraction. It is mostly the last one, but may be stamped before the one before it, or have changed places
with it. A point of the series may be stamped on a whole second too, by chance. So one answer cannot tell; another one
that has the stamp before its own end can. But CoinGecko ends an answer with a whole second: where the last point is on
one, the greatest stamp is a point of the series. No later 5-minute answer may have it, as each reaches back 24 hours.
The models have the same rule in SQL (`stg_coingecko__points`), the simulator makes such points. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from btc_pipeline.market.days import SETTLED_AFTER


def candidates(stamps: Sequence[int], window_to: datetime, extracted_at: datetime) -> set[int]:
    """The stamps of an answer that may be its live point's.

    Args:
        stamps: the stamps of its points in the order of the answer, in milliseconds; at least one.
        window_to: the end of the window that was requested.
        extracted_at: when it was requested. If the window ended long before, there is no live point.
    """
    if window_to <= extracted_at - SETTLED_AFTER:
        return set()
    found = {stamp for stamp in stamps[-2:] if stamp % 1000 == 0}
    return found | {stamps[-1]} | ({max(stamps)} if stamps[-1] % 1000 else set())
