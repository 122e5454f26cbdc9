"""An archived answer, read and judged: the one place that decides whether a stored answer is good.

Reads the archive, and asks its ledger of exceptions; `gate` says what a good answer of each shape is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from btc_pipeline.coingecko.streams import CHART_5M, STREAMS
from btc_pipeline.lake.exceptions import ExceptionLedger
from btc_pipeline.lake.raw_archive import DamagedAnswerError, Entry
from btc_pipeline.verify import gate
from btc_pipeline.verify.gate import BadAnswerError, Verified


class QuarantinedAnswerError(BadAnswerError):
    """The ledger of exceptions says that the answer must not be loaded."""


@dataclass(frozen=True)
class Rules:
    """What an answer's prices must fulfil; the arguments of `gate.market_chart`."""

    max_age: timedelta = timedelta.max
    repeat_hours: float = math.inf
    jump_factor: float = math.inf


@dataclass(frozen=True)
class Judged:
    """A good answer, and what it holds. `chart` is None for candles, and for a chart without points."""

    entry: Entry
    body: bytes
    chart: Verified | None
    is_empty: bool = False


def judge(
    raw: Path, entry: Entry, ledger: ExceptionLedger, rules: Rules | None = None, *, takes_empty: bool = False
) -> Judged:
    """Read an answer of the archive and put it through the gate of its stream, unless it is quarantined.

    Args:
        raw: the archive's folder.
        entry: the answer.
        ledger: the exceptions of the archive.
        rules: how fresh and how varied its prices must be; by default neither is checked.
        takes_empty: whether an answer without points is good, as it is for days before a coin was listed.

    Raises:
        DamagedAnswerError: the answer is gone, or differs from what was written.
        QuarantinedAnswerError: it is in quarantine.
        BadAnswerError: it is not what was requested.
    """
    check_admitted(entry.file, ledger)
    body = entry.read(raw)
    if STREAMS[entry.request.stream].shape == "candles":
        gate.ohlc(entry.request, body)
        return Judged(entry, body, None)
    if takes_empty and gate.is_empty(body):
        return Judged(entry, body, None, is_empty=True)
    rules, waived = rules or Rules(), ledger.waived(entry.file)
    chart = gate.market_chart(entry.request, body, rules.max_age, rules.repeat_hours, rules.jump_factor, waived)
    return Judged(entry, body, chart)


def admit(raw: Path, entry: Entry, ledger: ExceptionLedger, repeat_hours: float) -> Judged:
    """Judge an answer as the loader does: how old it is does not count, and it may be empty.

    Raises:
        DamagedAnswerError, QuarantinedAnswerError, BadAnswerError: as `judge` does.
    """
    judged = judge(raw, entry, ledger, Rules(repeat_hours=repeat_hours), takes_empty=True)
    check_granularity(judged)
    return judged


def check_admitted(file: str, ledger: ExceptionLedger) -> None:
    """Check that an answer is not in quarantine.

    Raises:
        QuarantinedAnswerError: it is.
    """
    if decision := ledger.quarantined.get(file):
        raise QuarantinedAnswerError(f"quarantined: {decision.reason}", decision.check)


def chart_of(raw: Path, entry: Entry, ledger: ExceptionLedger, rules: Rules | None = None) -> Verified | None:
    """What a market chart holds; None if it is damaged, bad, quarantined or empty."""
    try:
        return judge(raw, entry, ledger, rules).chart
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
