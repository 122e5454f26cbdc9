"""Worlds with a long past: SAMPLE answers in an archive, as years of runs would have left them.

The newest 60 days have the answers of a run each day; what lies before has those of a backfill, 90 days each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import raw_archive
from btc_pipeline.lake.raw_archive import Request
from btc_pipeline.settings.workspace import Workspace

PROVENANCE = "SAMPLE (synthetic)"
DAILY = 60
"""So many days have the answers of a run of their own."""
CHUNK = 90
"""An answer of a backfill covers so many days."""
WINDOW = 7
"""A run requests so many whole days before its own."""


def make(data_dir: Path, coins: list[str], days: int, last: datetime, *, answers_each_day: bool = False) -> Workspace:
    """Fill the archive of a workspace with the answers of so many days, up to those of the run at `last` (UTC)."""
    workspace = Workspace(data_dir, "sample")
    workspace.temporary.mkdir(parents=True)
    daily = days if answers_each_day else min(days, DAILY)
    for coin in coins:
        for ago in range(daily):
            _keep_run(workspace, coin, last - timedelta(days=ago))
        for first, end in _chunks(last.date() - timedelta(days=days), last.date() - timedelta(days=daily)):
            _keep(workspace, _request(coin, _midnight(first), _midnight(end) - timedelta(seconds=1), last))
    return workspace


def _keep_run(workspace: Workspace, coin: str, now: datetime) -> None:
    hourly = _request(coin, _midnight(now.date() - timedelta(days=WINDOW)), now, now)
    _keep(workspace, hourly)
    _keep(workspace, replace(hourly, window_from=now - timedelta(days=1), stream=streams.CHART_5M))
    ohlc = replace(hourly, window_from=now - timedelta(days=14), stream=streams.OHLC)
    raw_archive.keep(workspace.raw, ohlc, json.dumps(synthetic.ohlc(coin, "usd", 14, now)).encode())


def _keep(workspace: Workspace, request: Request) -> None:
    chart = synthetic.market_chart(
        request.coin_id, request.vs_currency, request.window_from, request.window_to, request.extracted_at
    )
    raw_archive.keep(workspace.raw, request, json.dumps(chart).encode())


def _request(coin: str, first: datetime, last: datetime, now: datetime) -> Request:
    return Request(coin, "usd", now.date(), first, last, now, PROVENANCE, streams.MARKET_CHART)


def _chunks(first: date, end: date) -> Iterator[tuple[date, date]]:
    """The spans of at most 90 days from `first` up to, but not with, `end`."""
    while first < end:
        yield first, min(end, first + timedelta(days=CHUNK))
        first += timedelta(days=CHUNK)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)
