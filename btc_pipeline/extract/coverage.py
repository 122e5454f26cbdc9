"""History: which days of a pair the archive does not cover yet, and the fewest calls that fetch them.

A day is covered if a good answer was requested up to the day's end, after CoinGecko had settled it. The archive is the
checkpoint of a backfill: after an interruption no archived answer is requested again. Reads the archive; sends no
request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.limits import CHUNK_DAYS
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market.days import DAY, Span, last_settled
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.verify import stored
from btc_pipeline.verify.gate import BadAnswerError


def chunks(span: Span, covered: Iterable[date], *, is_newest_first: bool = True) -> list[Span]:
    """The fewest windows of at most 90 days that hold each day of the span that is not covered."""
    missing = sorted(set(span.days) - set(covered), reverse=is_newest_first)
    found: list[Span] = []
    while missing:
        near = [day for day in missing if abs(day - missing[0]) < CHUNK_DAYS * DAY]
        found.append(Span(min(near), max(near)))
        missing = missing[len(near) :]
    return found


def request(settings: Settings, pair: Pair, chunk: Span, run_date: date, now: datetime) -> raw_archive.Request:
    """The request for a chunk."""
    start = datetime.combine(chunk.first, time(), timezone.utc)
    end = datetime.combine(chunk.last, time(23, 59, 59), timezone.utc)
    return raw_archive.Request(
        pair.coin_id, pair.vs_currency, run_date, start, end, now, settings.provenance, streams.MARKET_CHART
    )


def covering(
    settings: Settings, workspace: Workspace, pair: Pair, span: Span
) -> tuple[set[date], list[raw_archive.Entry]]:
    """The days of the span that good answers cover, and these answers.

    An answer does not cover days before its first point, unless they lie before every known point of the pair: then the
    coin was not listed. So if an answer has no points, or begins late, its days are requested again.
    """
    wanted = set(span.days)
    used: list[tuple[raw_archive.Entry, date | None]] = []
    covered: set[date] = set()
    ledger = exceptions.read(workspace.raw)
    for entry in sorted(_candidates(settings, workspace, pair), key=_length, reverse=True):
        if (wanted - covered) & set(_settled_days(entry.request)):
            is_good, first_day = _judged(settings, workspace, entry, ledger)
            if is_good:
                used.append((entry, first_day))
                covered = _covered(used) & wanted
        if covered == wanted:
            break
    return covered, [entry for entry, _ in used]


def _covered(used: list[tuple[raw_archive.Entry, date | None]]) -> set[date]:
    listed_on = min((first_day for _, first_day in used if first_day), default=None)
    return {
        day
        for entry, first_day in used
        for day in _settled_days(entry.request)
        if listed_on and (day < listed_on or (first_day and day >= first_day))
    }


def _judged(
    settings: Settings, workspace: Workspace, entry: raw_archive.Entry, ledger: exceptions.ExceptionLedger
) -> tuple[bool, date | None]:
    """Whether an answer for a chunk passes the gate, and the day of its first point, or None without points."""
    try:
        rules = stored.Rules(repeat_hours=settings.repeat_hours)
        chart = stored.judge(workspace.raw, entry, ledger, rules, takes_empty=True).chart
    except (BadAnswerError, raw_archive.DamagedAnswerError):
        return False, None
    return True, chart.oldest_at.date() if chart else None


def _candidates(settings: Settings, workspace: Workspace, pair: Pair) -> Iterator[raw_archive.Entry]:
    entries = raw_archive.of_pair(workspace.raw, streams.MARKET_CHART, *pair)
    return (entry for entry in entries if entry.request.provenance == settings.provenance)


def _length(entry: raw_archive.Entry) -> tuple[timedelta, datetime]:
    return entry.request.window_to - entry.request.window_from, entry.request.extracted_at


def _settled_days(request: raw_archive.Request) -> list[date]:
    """The whole days of a request's window that were settled when it was answered."""
    first = request.window_from.date() if request.window_from.time() == time() else request.window_from.date() + DAY
    last = (request.window_to + timedelta(seconds=1)).date() - DAY
    return Span(first, min(last, last_settled(request.extracted_at))).days
