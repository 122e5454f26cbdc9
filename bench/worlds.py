"""Worlds with a long past: SAMPLE answers in an archive, as years of runs would have left them.

The newest 60 days have the answers of a run each day; what lies before has those of a backfill on the first of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.extract import coverage
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import DAY, Span
from btc_pipeline.market.pair import Pair
from btc_pipeline.selftest import good_day
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace

DAILY = 60
"""So many days have the answers of a run of their own."""
NIGHTS = "-nights"
"""The end of the name of a world with an answer for each day."""
WINDOW = 7
"""A run requests so many whole days before its own."""


@dataclass(frozen=True)
class World:
    """A past: so many days of so many coins; `is_nightly`: with an answer for each day."""

    days: int
    coins: int = 1
    is_nightly: bool = False

    @classmethod
    def of(cls, name: str) -> World:
        """From its name, e.g. `365`, `3650x20`, `3650-nights`."""
        days, _, coins = name.removesuffix(NIGHTS).partition("x")
        return cls(int(days), int(coins or 1), name.endswith(NIGHTS))

    @property
    def base(self) -> World:
        """The young world that it is compared with."""
        return World(8, self.coins)

    def __str__(self) -> str:
        return f"{self.days}{f'x{self.coins}' if self.coins > 1 else ''}{NIGHTS if self.is_nightly else ''}"


def make(data_dir: Path, coins: list[str], days: int, last: datetime, *, answers_each_day: bool = False) -> Workspace:
    """Fill the archive of a workspace with the answers of so many days, up to those of the run at `last` (UTC)."""
    workspace = Workspace(data_dir, "sample")
    workspace.temporary.mkdir(parents=True)
    sample = replace(reader.load(), source="sample", recordings=None, vs_currencies=("usd",), days=WINDOW)
    daily = days if answers_each_day else min(days, DAILY)
    began = last - timedelta(days=daily - 1)
    before = Span(last.date() - days * DAY, last.date() - (daily + 1) * DAY)
    for coin in coins:
        for ago in range(daily):
            good_day.keep_answers(sample, workspace, coin, last - timedelta(days=ago))
        for chunk in coverage.chunks(before, (), is_newest_first=False):
            _keep(workspace, coverage.request(sample, Pair(coin, "usd"), chunk, began.date(), began))
    return workspace


def _keep(workspace: Workspace, request: raw_archive.Request) -> None:
    """Put the answer to a request into the archive."""
    window = request.window_from, request.window_to, request.extracted_at
    chart = synthetic.market_chart(request.coin_id, request.vs_currency, *window)
    raw_archive.keep(workspace.raw, request, json.dumps(chart).encode())
