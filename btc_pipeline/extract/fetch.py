"""Extract and load: runs the connector once. It fills the cache, and archives each answer as it comes.

The parent's side of the connector process. Opens no network connection itself, but starts the sample's server.
`requests.py` says what to request; the task's target knows which answers there are already.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from btc_pipeline.coingecko import call_ledger, coin_names, error_advice, network_variables
from btc_pipeline.coingecko.streams import MARKET_CHART, STREAMS
from btc_pipeline.errors import ConfigurationError, ExtractionError
from btc_pipeline.extract import wrong_names
from btc_pipeline.extract.cache import TABLE
from btc_pipeline.extract.fetch_state import FetchState
from btc_pipeline.lake import raw_archive
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import child_process, os_advice
from btc_pipeline.system.child_process import Progress
from btc_pipeline.warehouse import database_errors, duckdb_files

CONNECTOR = "btc_pipeline.coingecko.connector.process"


@dataclass(frozen=True)
class Fetched:
    """What a sync fetched: the archived answers of each stream, and the requests for prices that failed."""

    of_stream: Mapping[str, list[raw_archive.Entry]]
    failed: list[tuple[raw_archive.Request, ExtractionError]]
    calls: int
    waited_seconds: float

    @property
    def charts(self) -> list[raw_archive.Entry]:
        """The market charts."""
        return self.of_stream[MARKET_CHART]

    @property
    def answers(self) -> list[raw_archive.Entry]:
        """All that came, stream by stream."""
        return [entry for entries in self.of_stream.values() for entry in entries]


@dataclass(frozen=True)
class Options:
    """The options of a sync: its cache, whether prices may be empty, and how much of PyAirbyte is imported."""

    cache: Path
    takes_empty: bool = False
    is_lean: bool = True


def fetch(
    settings: Settings,
    workspace: Workspace,
    wanted: Sequence[raw_archive.Request],
    options: Options | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Send all requests to CoinGecko, in one connector process.

    Args:
        settings: how to reach CoinGecko, the budget, and the instant that answers count as of.
        workspace: where archive, call ledger and logs lie.
        wanted: the requests, in their order; each stream in turn.
        options: by default the cache of the workspace, and prices must not be empty.
        progress: called after each answer.

    Returns:
        All answers that came; they are in the archive. If a pair has no prices, the other pairs still have theirs. If
        an answer of another stream is missing, it is a warning.

    Raises:
        ExtractionError: the connector failed or did not end in time. The answers up to then are in the archive.
        ConfigurationError: the key, the recordings or a variable of the network cannot be used.
    """
    wanted, refused = wrong_names.set_aside(workspace, wanted)
    if not wanted:
        return Fetched({stream: [] for stream in STREAMS}, refused, calls=0, waited_seconds=0.0)
    options = options or Options(workspace.cache)
    settings.api_key()  # if it cannot be read, nothing is started
    if not settings.is_sample:
        network_variables.check(settings.base_url)
    if options.cache.exists():
        _set_aside_if_damaged(options.cache)
    if not settings.is_sample and not call_ledger.prepare(workspace.calls):
        log.warning("ExtractAndLoad the call ledger was damaged; it counts from 0 again")
    state = FetchState(wanted, progress)
    try:
        result = _sync(settings, workspace, state, options)
    except database_errors.DamagedDatabaseError:  # damage that no select finds, such as in an index
        duckdb_files.set_aside(options.cache)
        state.go_on()
        result = _sync(settings, workspace, state, options)
    coin_names.keep(workspace.names, result["lists"])
    state.warn_of_extras()
    try:
        _check_cache(options.cache, workspace, state.entries(workspace, MARKET_CHART, is_last_sync=True))
        of_stream = {stream: state.entries(workspace, stream) for stream in STREAMS}
    except raw_archive.DamagedAnswerError as error:
        raise ExtractionError(f"an answer has come and cannot be read: {error}", "run it again") from None
    return Fetched(
        of_stream,
        [*refused, *((each, _error_of(settings, workspace, each, why)) for each, why in state.failed(MARKET_CHART))],
        result["calls"],
        result["waited_seconds"],
    )


def _error_of(settings: Settings, workspace: Workspace, request: raw_archive.Request, why: str) -> ExtractionError:
    pair = request.pair
    return ExtractionError(
        f"CoinGecko gave no market chart of {pair}: {why}",
        error_advice.advice(why, pair, workspace.names),
        **({} if settings.is_sample else {"url": settings.base_url}),
    )


def _job(
    settings: Settings, workspace: Workspace, state: FetchState, base_url: str, options: Options
) -> child_process.Json:
    key = settings.api_key()
    return {
        "cache": str(options.cache),
        "raw": str(workspace.raw),
        "requests": {
            stream: {number: raw_archive.to_plain(request) for number, request in requests.items()}
            for stream, requests in state.left.items()
        },
        "config": {
            "base_url": base_url,
            **{
                stream: {number: _parameters(request) for number, request in requests.items()}
                for stream, requests in state.left.items()
            },
        },
        "now": settings.instant().isoformat() if settings.is_sample or settings.now else "",
        "takes_empty": options.takes_empty,
        "lists": coin_names.stale(workspace.names),
        "key_header": dict([key]) if key else {},
        "timeout_seconds": settings.timeout_seconds,
        "max_retries": settings.retries,
        "max_wait_seconds": settings.max_wait_seconds,
        "budget": None if settings.is_sample else _budget(settings, workspace),
    }


def _parameters(request: raw_archive.Request) -> child_process.Json:
    """The values that the manifest puts into a request's path and query."""
    parameters: child_process.Json = {"coin_id": request.coin_id, "vs_currency": request.vs_currency}
    if STREAMS[request.stream].is_range:
        return parameters | {"from": int(request.window_from.timestamp()), "to": int(request.window_to.timestamp())}
    return parameters | {"days": (request.window_to - request.window_from).days}


def _budget(settings: Settings, workspace: Workspace) -> child_process.Json:
    return {
        "ledger": str(workspace.calls),
        "plan": settings.plan,
        "host": urlsplit(settings.base_url).hostname,
        "calls_a_minute": settings.calls_a_minute,
        "calls_a_month": settings.calls_a_month,
    }


def _sync(settings: Settings, workspace: Workspace, state: FetchState, options: Options) -> child_process.Json:
    """Run the connector once, in a process and a scratch folder of its own."""
    shutil.rmtree(workspace.logs / "airbyte", ignore_errors=True)
    scratch = workspace.temporary / "airbyte"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)
    preparation = {"scratch": str(scratch), "logs": str(workspace.logs / "airbyte"), "is_lean": options.is_lean}
    connector = child_process.Child(CONNECTOR, workspace.logs / "connector.log", preparation)
    try:
        with _server(settings, settings.instant()) as base_url:
            job = _job(settings, workspace, state, base_url, options)
            return _result(connector, job, settings.deadline_seconds, state)
    finally:
        connector.end()
        shutil.rmtree(scratch, ignore_errors=True)


def _result(
    connector: child_process.Child, job: child_process.Json, deadline: float, state: FetchState
) -> child_process.Json:
    try:
        result = connector.work(job, deadline, state.note)
    except child_process.ChildError as error:
        raise ExtractionError(
            f"the connector ended without a result: {error.reason}",
            f"{error.advice}, or raise [coingecko] deadline_seconds" if error.is_late else error.advice,
            url=job["config"]["base_url"],
        ) from None
    if "damage" in result:
        raise database_errors.DamagedDatabaseError(str(result["damage"]))
    if "fault" in result:
        fault = str(result["fault"])
        if "No space left" in fault:
            raise OSError(errno.ENOSPC, fault)
        raise ExtractionError(
            f"the connector failed: {fault}", os_advice.of(fault, f"run it again, or read {connector.log}")
        )
    return result


def _check_cache(cache: Path, workspace: Workspace, charts: Iterable[raw_archive.Entry]) -> None:
    """Check that Airbyte's cache holds the prices that the last sync fetched, as the archive does.

    Raises:
        ExtractionError: it does not.
    """
    expected = Counter((*each.request.pair, each.read(workspace.raw).decode()) for each in charts)
    if not expected:
        return
    try:
        with duckdb_files.opened(cache, read_only=True) as connection:
            rows = connection.execute(f"select coin_id, vs_currency, answer from {TABLE}").fetchall()
    except (FileNotFoundError, database_errors.MissingTableError, database_errors.DamagedDatabaseError) as error:
        raise ExtractionError(f"the cache has no table {TABLE}: {error}", "run it again") from None
    if Counter((str(coin), str(currency), str(answer)) for coin, currency, answer in rows) != expected:
        raise ExtractionError(f"the cache does not hold the answers: {cache}", "run it again")


@contextlib.contextmanager
def _server(settings: Settings, now: datetime) -> Iterator[str]:
    """The API's root: CoinGecko's, or that of the replay server, which runs during the extraction."""
    if not settings.is_sample:
        yield settings.base_url
        return
    from btc_pipeline.coingecko.simulator import synthetic
    from btc_pipeline.coingecko.simulator.recordings import RecordingError, Recordings
    from btc_pipeline.coingecko.simulator.server import ReplayServer

    try:
        recordings = Recordings.read(settings.recordings) if settings.recordings else None
    except RecordingError as error:
        raise ConfigurationError(f"bad setting [pipeline] recordings: {error}", "name another folder") from None
    with ReplayServer(recordings or synthetic, now=now) as server:
        yield server.base_url


def _set_aside_if_damaged(cache: Path) -> None:
    """Set a damaged cache aside: the next sync makes a new one. All that it held is in the archive."""
    try:
        with duckdb_files.opened(cache, read_only=False) as connection:
            duckdb_files.read_all(connection)
    except database_errors.DamagedDatabaseError:
        duckdb_files.set_aside(cache)
