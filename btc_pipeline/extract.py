"""Extract and load: one run of the connector into the cache, and its answers into the raw archive.

Beside the prices it asks for CoinGecko's own candles, the second opinion; without them it goes on with a warning.

The parent's side of the connector process. Opens no network itself, apart from starting the sample's server.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone

from btc_pipeline import archive, children, console, warehouse
from btc_pipeline.errors import ConfigurationError, ExtractionError
from btc_pipeline.settings import Settings
from btc_pipeline.world import World

CONNECTOR = "btc_pipeline.coingecko.connector"
TABLE = "raw.market_chart"
OPINIONS = "raw.ohlc"
OHLC_DAYS = (7, 14, 30)
"""The `days` for which CoinGecko's candles are of four hours."""
MARKERS = "raw.pipeline_markers"


@dataclass(frozen=True)
class Fetched:
    """The archived answers of a run. There may be fewer opinions than charts."""

    charts: list[archive.Entry]
    opinions: list[archive.Entry]


@dataclass(frozen=True)
class Window:
    """Whole UTC days: from 00:00 of `day - days` to the last second of `day`, or now, whichever is earlier."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date, days: int, now: datetime) -> Window:
        """The window of a run."""
        start = datetime.combine(day - timedelta(days=days), time(), timezone.utc)
        last_second = datetime.combine(day, time(23, 59, 59), timezone.utc)
        return cls(start, min(last_second, now.replace(microsecond=0)))


def fetch(settings: Settings, world: World, day: date, *, is_lean: bool = True) -> Fetched:
    """Fetch a market chart, and candles, for each coin into the cache and keep each answer in the raw archive.

    Args:
        settings: coins, currency, days, how to reach CoinGecko, and the instant of the extraction.
        world: where cache and archive lie.
        day: the run's date.
        is_lean: import only what the connector needs; False is the plain import, for comparison.

    Returns:
        The archived answers: a market chart for each coin, and the candles that there were.

    Raises:
        ExtractionError: no answer in time, a refusal, or an answer that is no market chart.
        ConfigurationError: the key or the recordings cannot be used.
    """
    now = settings.instant()
    window = Window.of(day, settings.days, now)
    settings.api_key()  # a missing key is no reason to start anything
    if world.cache.exists():
        _set_aside_if_damaged(world)
    try:
        no_opinion = _sync(settings, world, window, now, is_lean=is_lean)
    except warehouse.DamagedDatabaseError:  # in what no select reads, such as an index
        warehouse.set_aside(world.cache)
        no_opinion = _sync(settings, world, window, now, is_lean=is_lean)
    charts = [
        archive.keep(world.raw, _request(settings, day, window, now, coin), body)
        for coin, body in answers_in_cache(world, settings).items()
    ]
    days = _ohlc_days(settings, window, now)
    if not days:
        return Fetched(charts, [])
    window = Window(now - timedelta(days=days), now)
    opinions = [
        archive.keep(world.raw, replace(_request(settings, day, window, now, coin), stream=archive.OHLC), body)
        for coin, body in _opinions_in_cache(world, settings, no_opinion).items()
    ]
    return Fetched(charts, opinions)


def _request(settings: Settings, day: date, window: Window, now: datetime, coin: str) -> archive.Request:
    return archive.Request(coin, settings.vs_currency, day, window.start, window.end, now, settings.provenance)


def _ohlc_days(settings: Settings, window: Window, now: datetime) -> int:
    """The least number of days that `/ohlc` takes and that covers the window; 0: it is not to be asked."""
    if not settings.second_opinion or window.end < now - timedelta(days=OHLC_DAYS[-1]):
        return 0
    return next((days for days in OHLC_DAYS if now - timedelta(days=days) <= window.start), OHLC_DAYS[-1])


def _job(settings: Settings, world: World, window: Window, base_url: str) -> children.Json:
    key = settings.api_key()
    return {
        "cache": str(world.cache),
        "config": {
            "base_url": base_url,
            "coins": list(settings.coins),
            "vs_currency": settings.vs_currency,
            "window_from": int(window.start.timestamp()),
            "window_to": int(window.end.timestamp()),
            "ohlc_days": _ohlc_days(settings, window, settings.instant()),
            "max_retries": settings.retries,
            "max_wait_seconds": settings.max_wait_seconds,
        },
        "key_header": dict([key]) if key else {},
        "timeout_seconds": settings.timeout_seconds,
    }


def answers_in_cache(world: World, settings: Settings) -> dict[str, bytes]:
    """The answers of the last sync by coin, each with its arrays unpacked.

    Raises:
        ExtractionError: a coin has no row, more than one, or a row without prices.
    """
    try:
        with warehouse.opened(world.cache, read_only=True) as connection:
            rows = connection.execute(
                f"select coin_id, vs_currency, answer, json_array_length(prices) from {TABLE}"
            ).fetchall()
    except (FileNotFoundError, warehouse.MissingTableError, warehouse.DamagedDatabaseError) as error:
        raise ExtractionError(f"the cache has no table {TABLE}: {error}", "run it again") from None
    found = {
        coin: str(answer).encode() for coin, currency, answer, points in rows if _is_ours(currency, points, settings)
    }
    if sorted(coin for coin, *_ in rows) != sorted(settings.coins) or set(found) != set(settings.coins):
        missing = sorted(set(settings.coins) - set(found)) or sorted(coin for coin, *_ in rows)
        raise ExtractionError(f"the connector brought no market chart of {', '.join(missing)}", "run it again")
    return found


def _opinions_in_cache(world: World, settings: Settings, no_opinion: Mapping[str, str]) -> dict[str, bytes]:
    """The candles of the last sync by coin, without those that were not answered; what is missing is a warning."""
    for reason in sorted(set(no_opinion.values())):
        coins = ", ".join(sorted(coin for coin, why in no_opinion.items() if why == reason))
        console.log.warning("ExtractAndLoad goes on without a second opinion on %s: %s", coins, reason)
    try:
        with warehouse.opened(world.cache, read_only=True) as connection:
            rows = connection.execute(f"select coin_id, vs_currency, answer from {OPINIONS}").fetchall()
    except (FileNotFoundError, warehouse.MissingTableError):
        return {}
    return {
        coin: str(answer).encode()
        for coin, currency, answer in rows
        if currency == settings.vs_currency and coin in settings.coins and coin not in no_opinion
    }


def _is_ours(currency: object, points: object, settings: Settings) -> bool:
    return currency == settings.vs_currency and isinstance(points, int) and points > 0


def _sync(settings: Settings, world: World, window: Window, now: datetime, *, is_lean: bool) -> dict[str, str]:
    """Run the connector once, in a process and a scratch folder of its own; why there are opinions missing."""
    shutil.rmtree(world.logs / "airbyte", ignore_errors=True)
    scratch = world.temporary / "airbyte"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)
    preparation = {"scratch": str(scratch), "logs": str(world.logs / "airbyte"), "is_lean": is_lean}
    connector = children.Child(CONNECTOR, world.logs / "connector.log", preparation)
    try:
        with _server(settings, now) as base_url:
            return _run(connector, _job(settings, world, window, base_url), settings)
    finally:
        connector.end()
        shutil.rmtree(scratch, ignore_errors=True)


def _run(connector: children.Child, job: children.Json, settings: Settings) -> dict[str, str]:
    try:
        result = connector.work(job, settings.deadline_seconds)
    except children.ChildError as error:
        raise ExtractionError(
            f"the connector ended without a result: {error.reason}",
            f"read {error.log}, or raise [coingecko] deadline_seconds",
            url=job["config"]["base_url"],
        ) from None
    if "damage" in result:
        raise warehouse.DamagedDatabaseError(str(result["damage"]))
    if "fault" in result:
        fault = str(result["fault"])
        if "No space left" in fault:
            raise OSError(errno.ENOSPC, fault)
        raise ExtractionError(f"the connector failed: {fault}", f"run it again, or read {connector.log}")
    if "error" in result:
        raise ExtractionError(
            f"CoinGecko gave no market chart: {result['error']}",
            _advice(str(result["error"])),
            url=job["config"]["base_url"],
        )
    return dict(result["no_opinion"])


def _advice(reason: str) -> str:
    for sign, advice in (
        ("HTTP 404", "check [pipeline] coins: CoinGecko's ids, such as bitcoin"),
        ("10012", "keyless and demo plans reach back 365 days: choose a later --date"),
        ("HTTP 400", "check [pipeline] vs_currency and [coingecko] plan"),
        ("HTTP 401", "check [coingecko] plan and the key"),
        ("HTTP 403", "check [coingecko] plan and the key"),
        ("HTTP 429", "wait, or use a plan with a higher limit"),
        ("no answer", "check the network; offline: --pipeline-source sample"),
    ):
        if sign in reason:
            return advice
    return "run it again later"


@contextlib.contextmanager
def _server(settings: Settings, now: datetime) -> Iterator[str]:
    """The API's root: CoinGecko's, or that of the replay server, which runs for the length of the extraction."""
    if not settings.is_sample:
        yield settings.base_url
        return
    from btc_pipeline.coingecko import sample
    from btc_pipeline.coingecko.recordings import RecordingError, Recordings
    from btc_pipeline.coingecko.replay import ReplayServer

    try:
        recordings = Recordings.read(settings.recordings) if settings.recordings else None
    except RecordingError as error:
        raise ConfigurationError(f"bad setting [pipeline] recordings: {error}", "name another folder") from None
    with ReplayServer(recordings or sample, now=now) as server:
        yield server.base_url


def _set_aside_if_damaged(world: World) -> None:
    """The cache holds nothing that the archive does not: a damaged one makes room for a new one."""
    try:
        with warehouse.opened(world.cache, read_only=False) as connection:
            warehouse.read_all(connection)
    except warehouse.DamagedDatabaseError:
        warehouse.set_aside(world.cache)
