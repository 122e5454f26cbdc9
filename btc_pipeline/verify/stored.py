"""An archived answer, read and judged: the one place that decides whether a stored answer is good.

Reads the archive; `gate` says what a good answer of each shape is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from btc_pipeline.coingecko.streams import CHART_5M, STREAMS
from btc_pipeline.lake.raw_archive import DamagedAnswerError, Entry
from btc_pipeline.verify import gate
from btc_pipeline.verify.gate import BadAnswerError, Verified


@dataclass(frozen=True)
class Rules:
    """What an answer's prices must fulfil; the arguments of `gate.market_chart`."""

    max_age: timedelta = timedelta.max
    repeat_hours: float = math.inf


@dataclass(frozen=True)
class Judged:
    """A good answer, and what it holds. `chart` is None for candles, and for a chart without points."""

    entry: Entry
    body: bytes
    chart: Verified | None
    is_empty: bool = False


def judge(raw: Path, entry: Entry, rules: Rules | None = None, *, takes_empty: bool = False) -> Judged:
    """Read an answer of the archive and put it through the gate of its stream.

    Args:
        raw: the archive's folder.
        entry: the answer.
        rules: how fresh and how varied its prices must be; by default neither is checked.
        takes_empty: whether an answer without points is good, as it is for days before a coin was listed.

    Raises:
        DamagedAnswerError: the answer is gone, or differs from what was written.
        BadAnswerError: it is not what was requested.
    """
    body = entry.read(raw)
    if STREAMS[entry.request.stream].shape == "candles":
        gate.ohlc(entry.request, body)
        return Judged(entry, body, None)
    if takes_empty and gate.is_empty(body):
        return Judged(entry, body, None, is_empty=True)
    rules = rules or Rules()
    return Judged(entry, body, gate.market_chart(entry.request, body, rules.max_age, rules.repeat_hours))


def chart_of(raw: Path, entry: Entry, rules: Rules | None = None) -> Verified | None:
    """What a market chart holds; None if it is damaged, bad or empty."""
    try:
        return judge(raw, entry, rules).chart
    except (BadAnswerError, DamagedAnswerError):
        return None


def check_granularity(judged: Judged) -> None:
    """Check that the 5-minute stream has 5-minute points: CoinGecko may answer with coarser ones.

    Raises:
        BadAnswerError: its points are coarser.
    """
    stream = judged.entry.request.stream
    wanted = STREAMS[stream].granularity
    if stream == CHART_5M and judged.chart and judged.chart.granularity != wanted:
        raise BadAnswerError(f"its points are {judged.chart.granularity}, not {wanted}", "points_are_as_fine_as_asked")
