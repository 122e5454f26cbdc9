"""The good day of the self-test: SAMPLE answers in an archive, and the database that is built of them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.errors import CandleTestError
from btc_pipeline.lake import raw_archive
from btc_pipeline.publish import swap
from btc_pipeline.selftest.kinds import GOOD
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.transform import dbt_build, judge, touched_days
from btc_pipeline.transform.nodes import Node
from btc_pipeline.warehouse import duckdb_files

COINS = ("bitcoin", "solana")
DAYS = tuple(datetime(2026, 5, day, 13, 30, tzinfo=timezone.utc) for day in (15, 16))
"""When the good data were requested. The first run publishes them, the second builds them again."""

_VALUES = "coin_id, vs_currency, date, granularity, open, high, low, close, points, volume_24h, market_cap"
_FINAL = f"select {_VALUES} from main.daily_candlestick where status = 'final'"
_OF_BOTH_SERIES = f"""
    select {_VALUES} from main.int_candles_built
    inner join main.int_series_measured using (coin_id, vs_currency, granularity, date)
"""

CandleValues = tuple[Any, ...]
"""Coin, currency, day, series, open, high, low, close, points, volume and market cap."""


@dataclass(frozen=True)
class GoodDay:
    """A built and tested database, the answers that it is from, and the outcome of each test."""

    settings: Settings
    workspace: Workspace
    models: str
    tests: tuple[Node, ...] = ()

    def copied(self, folder: Path) -> GoodDay:
        """A copy in a data folder of its own."""
        workspace = replace(self.workspace, data_dir=folder)
        ignored = shutil.ignore_patterns(self.workspace.temporary.name)
        shutil.copytree(self.workspace.root, workspace.root, ignore=ignored)
        workspace.temporary.mkdir()
        return replace(self, settings=replace(self.settings, data_dir=folder), workspace=workspace)

    def ask(self, now: datetime) -> None:
        """Put the good answers of an instant into the archive."""
        for coin in COINS:
            keep_answers(replace(self.settings, now=now), self.workspace, coin, now)

    def build(self, now: datetime, run: str = "") -> str:
        """Build as the run of that instant does. Returns its stamp. With the id of a `run` it may quarantine answers.

        Raises:
            PipelineError: as `dbt_build.build` does.
        """
        wanted = dbt_build.Build("Transform", now.date(), "good", self.models, until=now, run=run)
        return dbt_build.build(replace(self.settings, now=now), self.workspace, wanted).stamp

    def publish(self, now: datetime, stamp: str) -> None:
        """Judge the tests of the build with this stamp, and publish it, as a run does.

        Raises:
            CandleTestError: as `judge.judge` does; then nothing is published.
        """
        settings = replace(self.settings, now=now)
        checks = judge.judge(settings, self.workspace, stamp)
        swap.swap_in(settings, self.workspace, swap.Version(now.date(), now.date(), now.date(), checks))


def with_answers(settings: Settings, models: str) -> GoodDay:
    """The good answers, in an archive; nothing is built of them."""
    workspace = Workspace(settings.data_dir, settings.source)
    workspace.temporary.mkdir(parents=True)
    good = GoodDay(settings, workspace, models)
    for now in DAYS:
        good.ask(now)
    return good


def built(good: GoodDay) -> GoodDay:
    """The database of the first day is published, and then that of the second one built.

    Raises:
        CandleTestError: a test does not pass, so that nothing could be said about the checks.
    """
    for now in DAYS:
        stamp = good.build(now)
        tests = json.loads(good.workspace.test_results.read_bytes())["tests"]
        loud = [test["name"] for test in tests if test["status"] not in GOOD]
        if loud:
            raise CandleTestError(f"the good day does not pass: {', '.join(loud)}", "correct that first")
        if now != DAYS[-1]:
            good.publish(now, stamp)
    touched_days.vouch(good.workspace.work)
    return replace(good, tests=tuple(tests))


def keep_answers(settings: Settings, workspace: Workspace, coin: str, now: datetime) -> None:
    """Put the sample's answers of an instant into the archive, as the connector would."""
    start = datetime.combine(now.date() - timedelta(days=settings.days), time(), timezone.utc)
    (currency,) = settings.vs_currencies
    request = raw_archive.Request(
        coin, currency, now.date(), start, now, now, settings.provenance, streams.MARKET_CHART
    )
    chart = synthetic.market_chart(coin, currency, start, now, now)
    raw_archive.keep(workspace.raw, request, json.dumps(chart).encode())
    fine = replace(request, window_from=now - timedelta(days=1), stream=streams.CHART_5M)
    last_day = synthetic.market_chart(coin, currency, fine.window_from, now, now)
    raw_archive.keep(workspace.raw, fine, json.dumps(last_day).encode())
    ohlc = replace(request, window_from=now - timedelta(days=30), stream=streams.OHLC)
    raw_archive.keep(workspace.raw, ohlc, json.dumps(synthetic.ohlc(coin, currency, 30, now)).encode())


def final_candles(database: Path) -> set[CandleValues]:
    """The candles that readers may rely on."""
    with duckdb_files.opened(database, read_only=True) as connection:
        return set(connection.execute(_FINAL).fetchall())


def right_candles(good: Path) -> set[CandleValues]:
    """What a final candle may be: that of a day's hourly series, or that of its 5-minute series, in a good database."""
    with duckdb_files.opened(good, read_only=True) as connection:
        return set(connection.execute(_OF_BOTH_SERIES).fetchall())
