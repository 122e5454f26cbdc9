"""A night of the pipeline without a process for each step: the steps' own functions, in their order, on one archive.

Airbyte alone is left out: what the API says is handed to the extraction as the connector would hand it over. The market
is the synthetic one, seen from a live source on loopback. A real run on a copy of the same folder has to come to the
same; `Night.bodies` is what it has to be told. With `dbt_at_hand.py` a night takes half the time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from btc_pipeline.coingecko import responses, streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.errors import ExtractionError, PipelineError
from btc_pipeline.extract import cache as cache_tables
from btc_pipeline.extract import daily, fetch, requests
from btc_pipeline.lake import raw_archive
from btc_pipeline.publish import swap
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import fingerprints
from btc_pipeline.system import digest, files
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.extraction import DayRecord
from btc_pipeline.targets.marker import Marker
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import daily as built_day
from btc_pipeline.transform import dbt_build, declared_tests, judge, prepared, tables, unit_test_results
from btc_pipeline.verify import answers
from btc_pipeline.warehouse import database_errors
from tests.e2e import published
from tests.e2e.published import Row
from tests.publish.test_swap import SETTINGS
from tests.support.built_world import MODELS
from tests.sweeps.bad_kinds import Kind

_declared = cache(declared_tests.declared)  # reading all YAML takes two seconds of each night
_CRASHES = (database_errors.DatabaseError, OSError, ValueError, TypeError, ArithmeticError, LookupError, AssertionError)
"""What no step should end with; here it is an error of the whole run, with exit code 1."""


@dataclass(frozen=True)
class Bad:
    """A bad answer to a coin's request for a stream. `other` is the coin whose answer it may be; `seed` its chance."""

    kind: Kind
    stream: str
    coin: str
    other: str
    seed: object

    def body(self, request: raw_archive.Request) -> bytes:
        """What the API says instead of the truth."""
        coin = self.other if self.kind.of_other_coin else self.coin
        spoilt = self.kind.spoil(true_answer(request, coin, self.kind.age), Random(repr(self.seed)))
        return spoilt if isinstance(spoilt, bytes) else as_body(spoilt)


@dataclass
class Night:
    """A run: its instant, what the API said by stream and coin, and what came of it.

    `held_back` has the exit code of each coin that the run went on without; `error` is that of the whole run.
    """

    now: datetime
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    candles: list[Row] = field(default_factory=list)
    held_back: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    error: str = ""
    exit_code: int = 0


class _NoCache(DuckDBTarget):
    """The table of Airbyte's cache, that no later step reads; it is there once it was written."""

    _is_written = False

    def exists(self) -> bool:
        return self._is_written

    def stamp(self) -> str:
        return str(self.day)

    def write(self) -> None:
        self._is_written = True


class World:
    """A data folder and the nights of its pipeline."""

    def __init__(self, data_dir: Path, coins: tuple[str, ...]) -> None:
        self.data_dir = data_dir
        self.workspace = Workspace(data_dir, "live")
        self.workspace.temporary.mkdir(parents=True)
        self.settings = replace(
            SETTINGS, data_dir=data_dir, source="live", coins=coins, base_url="http://127.0.0.1:9/api/v3"
        )
        self.models = models()
        prepared.bring(data_dir, self.workspace)
        unit_tests = unit_test_results.known(prepared.folder(data_dir), MODELS)
        unit_test_results.remember(self.workspace.dbt_target, self.models, unit_tests)

    def night(self, now: datetime, *bad: Bad) -> Night:
        """Extract, verify, build, test and publish, as a run at that instant does."""
        night = Night(now, bad=list(bad))
        settings, day = replace(self.settings, now=now), now.date()
        run = f"run-{now.isoformat()}"
        record = self._record(day, run)
        files.sweep(self.workspace.root, self.workspace.temporary)
        with (
            _kept_lines() as night.lines,
            patch.object(fetch, "fetch", self._fetch_of(night)),
            patch.object(declared_tests, "declared", _declared),
        ):
            try:
                daily.answers(settings, self.workspace, day, record, settings.pairs, lambda *_: None)
                answers.check(settings, self.workspace, day, record)
                wanted = dbt_build.Build("Transform", day, "a night's", self.models, run=run, gate="the gate")
                built_day.build(settings, self.workspace, wanted, record, lambda *_: None)
                checks = judge.judge(settings, self.workspace, self._newest_stamp(day))
                swap.swap_in(settings, self.workspace, swap.Version(day, day - timedelta(settings.days), day, checks))
            except PipelineError as error:
                night.error, night.exit_code = str(error), error.exit_code
            except _CRASHES as error:
                night.error, night.exit_code = repr(error), 1
        night.held_back = {name.partition("/")[0]: why.exit_code for name, why in record.skipped().items()}
        night.exit_code = night.exit_code or min(night.held_back.values(), default=0)
        night.candles = published.candles(self.workspace.published) if self.workspace.published.exists() else []
        return night

    def _record(self, day: date, run: str) -> DayRecord:
        step, workspace = "ExtractAndLoad", self.workspace
        table = _NoCache(workspace.cache, cache_tables.TABLE, cache_tables.MARKERS, step, day, "a night's")
        marker = Marker(workspace.marker(step, day), "a night's", workspace.root)
        return DayRecord(table, marker, workspace.marker(f"{step}.begun", day), self.settings.pairs, run)

    def _newest_stamp(self, day: date) -> str:
        table = DuckDBTarget(self.workspace.work, "main.daily_candlestick", tables.MARKERS, "Transform", day, "")
        return table.newest_stamp()

    def _fetch_of(self, night: Night) -> Callable[..., fetch.Fetched]:
        """In the place of `fetch.fetch`: it asks the market, and refuses what the connector refuses."""
        spoilt = {(bad.stream, bad.coin): bad for bad in night.bad}

        def fetched(settings: Any, workspace: Workspace, wanted: list[raw_archive.Request], **_: Any) -> fetch.Fetched:
            of_stream: dict[str, list[raw_archive.Entry]] = {stream: [] for stream in streams.STREAMS}
            failed = []
            for request in wanted:
                key = request.stream, request.coin_id
                body = spoilt[key].body(request) if key in spoilt else as_body(true_answer(request, request.coin_id))
                night.bodies[key] = body
                if is_taken(request.stream, body):
                    of_stream[request.stream].append(raw_archive.keep(workspace.raw, request, body))
                elif request.stream == streams.MARKET_CHART:
                    why = f"CoinGecko gave no market chart of {request.pair}: {responses.error_message(body)}"
                    failed.append((request, ExtractionError(why, "run it again")))
            return fetch.Fetched(of_stream, failed, len(wanted), 0.0)

        return fetched


def models() -> str:
    """The hash of what makes the candles of a live source."""
    step = Transform(date=date(2026, 5, 15))
    code = fingerprints.of_code("Transform", is_sample=False)
    return digest.of(code, fingerprints.of_data(step.reads), fingerprints.of_packages(step.packages))


def true_answer(request: raw_archive.Request, coin: str, age: timedelta = timedelta(0)) -> Any:
    """What the market says of a coin to this request, or said to such a request so long ago."""
    start, end, now = (at - age for at in (request.window_from, request.window_to, request.extracted_at))
    if request.stream == streams.OHLC:
        return synthetic.ohlc(coin, request.vs_currency, (end - start).days, now)
    return synthetic.market_chart(coin, request.vs_currency, start, end, now)


def as_body(answer: object) -> bytes:
    """As the API sends it."""
    return json.dumps(answer, separators=(",", ":")).encode()


def is_taken(stream: str, body: bytes) -> bool:
    """Whether the connector hands it over: a chart, with prices if it is that of the prices, or candles."""
    if stream == streams.OHLC:
        return responses.ohlc(body) is not None
    chart = responses.market_chart(body)
    return chart is not None and (stream != streams.MARKET_CHART or bool(chart["prices"]))


def requests_of(world: World, now: datetime) -> list[raw_archive.Request]:
    """What a run at that instant asks."""
    return requests.of_run(world.settings, now.date(), now, world.settings.pairs)


class _Lines(logging.Handler):
    """Keeps the lines of warnings and errors."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _kept_lines():
    """The lines of warnings and errors while it lasts."""
    handler, logger = _Lines(), logging.getLogger("btc_pipeline")
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
