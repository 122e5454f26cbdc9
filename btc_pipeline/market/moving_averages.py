"""Simple moving averages of daily closes: what the chart and the report draw beside the candles.

Pure arithmetic on values. Imports nothing of the project.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta


def simple(closes: Mapping[date, float], days: Sequence[date], period: int) -> list[float | None]:
    """The mean of the `period` closes up to each of `days`, that day's included.

    None if one of them is missing: a mean over a gap would use other days than it says. So after a gap in the closes
    there is no average for `period` days. The close of a day that is not over counts as it is.

    Args:
        closes: by UTC day; if possible from `period - 1` days before the first of `days`.
        days: the days of the averages.
        period: in days, at least 1.
    """
    return [_mean([closes.get(day - timedelta(days=back)) for back in range(period)]) for day in days]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None
