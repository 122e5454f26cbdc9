"""Recorded answers of the real API, read from a folder and served as they were recorded.

Must not change a point or its stamp: it only chooses a recording and cuts it. Knows no HTTP and no pipeline.

A recording is the body of a `market_chart` answer in a file `<coin>_<vs_currency>_<N>d_<series>_<date>.json`,
such as `btc_usd_30d_hourly_2021-05-15.json`. `coin` is CoinGecko's id or one of the symbols below, `series`
5min, hourly or daily. The body of an `ohlc` answer is `<coin>_<vs_currency>_<N>d_ohlc_<date or year>.json`. Files
with other names (error bodies, a README) are ignored. The bodies of `coins/list` and
`simple/supported_vs_currencies`, in `coins_list.json` and `supported_vs_currencies.json`, are served if they exist.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

from btc_pipeline.coingecko.simulator.coins import COINS
from btc_pipeline.coingecko.simulator.synthetic import Granularity, MarketChart, Ohlc, granularity_for, ohlc_close

_NAME = re.compile(r"([a-z0-9-]+)_([a-z0-9]+)_[0-9]+d_(5min|hourly|daily)_([0-9]{4}-[0-9]{2}-[0-9]{2})\.json")
_OHLC_NAME = re.compile(r"([a-z0-9-]+)_([a-z0-9]+)_[0-9]+d_ohlc_[0-9]{4}(?:-[0-9]{2}-[0-9]{2})?\.json")
_ARRAYS = ("prices", "market_caps", "total_volumes")
_COINS_LIST, _VS_CURRENCIES = "coins_list.json", "supported_vs_currencies.json"
_COIN_OF_SYMBOL = {
    "btc": "bitcoin",
    "eth": "ethereum",
    "sol": "solana",
    "xrp": "ripple",
    "doge": "dogecoin",
    "ada": "cardano",
    "ltc": "litecoin",
    "dot": "polkadot",
    "link": "chainlink",
    "xmr": "monero",
    "usdt": "tether",
}
"""The symbols that a file's name may use for a coin. The list is short, as a symbol can be another coin's id."""
_LIVE_FOR = timedelta(hours=1)
_DAY = 86_400_000


class RecordingError(ValueError):
    """The recordings cannot be served; the message names the file and says what is wrong with it."""


@dataclass(frozen=True)
class Recording:
    """One recorded answer; its stamps are unix milliseconds (UTC), in the order in which they were sent."""

    coin_id: str
    vs_currency: str
    granularity: Granularity
    recorded_on: date
    chart: MarketChart

    @property
    def series(self) -> tuple[str, str, Granularity]:
        """What it is a recording of: coin, currency, granularity."""
        return self.coin_id, self.vs_currency, self.granularity

    @property
    def live_stamp(self) -> int | None:
        """The stamp of the live point: the last, if it is on a whole second and is not a midnight of `daily`."""
        stamp = _stamp(self.chart["prices"][-1])
        is_settled_day = self.granularity == "daily" and stamp % _DAY == 0
        return None if stamp % 1_000 or is_settled_day else stamp

    def cut(self, start: datetime, end: datetime, now: datetime) -> MarketChart:
        """The points of [start, end] that are not after `now`; the live point only for an hour."""
        first, last = _milliseconds(start), _milliseconds(min(end, now))
        live = self.live_stamp
        is_stale = live is not None and live <= _milliseconds(now - _LIVE_FOR)

        def is_served(point: list[float | None]) -> bool:
            stamp = _stamp(point)
            return first <= stamp <= last and not (is_stale and stamp == live)

        return {name: [point for point in array if is_served(point)] for name, array in self.chart.items()}


@dataclass(frozen=True)
class OhlcRecording:
    """A recorded answer of `/ohlc`: CoinGecko's own candles, stamped in unix milliseconds (UTC) at their close."""

    coin_id: str
    vs_currency: str
    candles: Ohlc


@dataclass(frozen=True)
class Recordings:
    """All recordings of a folder, newest first, and its lists, if any, as answers for the replay server."""

    recordings: tuple[Recording, ...]
    ohlc_recordings: tuple[OhlcRecording, ...] = ()
    recorded_coins: list[dict[str, str]] | None = None
    recorded_currencies: list[str] | None = None

    @classmethod
    def read(cls, folder: Path) -> Recordings:
        """Read every recording in the folder; RecordingError: no folder, no recording in it, or a bad one."""
        try:
            files = sorted(folder.iterdir())
        except OSError as error:
            raise RecordingError(f"cannot read the recordings in {folder}: {error.strerror}") from error
        recordings = [_read(file, name) for file in files if (name := _NAME.fullmatch(file.name))]
        if not recordings:
            example = "btc_usd_30d_hourly_2021-05-15.json"
            raise RecordingError(f"no recording in {folder}: it needs files with names like {example}")
        ohlc = [_read_ohlc(file, name) for file in files if (name := _OHLC_NAME.fullmatch(file.name))]
        return cls(
            tuple(sorted(recordings, key=lambda each: each.recorded_on, reverse=True)),
            tuple(ohlc),
            _read_list(folder / _COINS_LIST, _is_coin, "id, symbol and name"),
            _read_list(folder / _VS_CURRENCIES, _is_name, "a currency"),
        )

    def coins_list(self) -> list[dict[str, str]]:
        """The recorded list of coins; if there is none, the coins with a recording, by id."""
        if self.recorded_coins is not None:
            return self.recorded_coins
        return [_listed(coin_id) for coin_id in sorted({each.coin_id for each in self.recordings})]

    def supported_vs_currencies(self) -> list[str]:
        """The recorded list of currencies; if there is none, the currencies of the recordings, sorted."""
        if self.recorded_currencies is not None:
            return self.recorded_currencies
        return sorted({each.vs_currency for each in self.recordings})

    def knows_coin(self, coin_id: str) -> bool:
        """Whether there is a recording of the coin."""
        return any(recording.coin_id == coin_id for recording in self.recordings)

    def knows_currency(self, coin_id: str, vs_currency: str) -> bool:
        """Whether there is a recording of the coin in the currency."""
        return any((each.coin_id, each.vs_currency) == (coin_id, vs_currency) for each in self.recordings)

    def earliest_start(self, now: datetime) -> datetime | None:
        """None: recordings are old, so the API's limit of 365 days does not apply."""
        return None

    def market_chart(
        self, coin_id: str, vs_currency: str, start: datetime, end: datetime, now: datetime
    ) -> MarketChart:
        """The points of [start, end] up to `now`, from the series that CoinGecko would choose.

        If the 5-minute series has no points, the hourly one is used. Of several recordings of a series, it is the one
        with most points in the window, then the newest. If nothing is recorded there: empty lists.
        """
        wanted = granularity_for(start, end, now)
        for granularity in ("5min", "hourly") if wanted == "5min" else (wanted,):
            series = (coin_id, vs_currency, granularity)
            charts = [each.cut(start, end, now) for each in self.recordings if each.series == series]
            fullest = max(charts, key=lambda chart: len(chart["prices"]), default=None)
            if fullest and fullest["prices"]:
                return fullest
        return {name: [] for name in _ARRAYS}

    def ohlc(self, coin_id: str, vs_currency: str, days: int, now: datetime) -> Ohlc:
        """The candles of the last `days` days that had begun by `now`; empty if nothing is recorded there."""
        latest = ohlc_close(_milliseconds(now))
        candles = [
            candle
            for each in self.ohlc_recordings
            if (each.coin_id, each.vs_currency) == (coin_id, vs_currency)
            for candle in each.candles
            if latest - days * _DAY < candle[0] <= latest
        ]
        return sorted(candles, key=lambda candle: candle[0])


def _read(file: Path, name: re.Match[str]) -> Recording:
    coin, vs_currency, granularity, day = name.groups()
    try:
        recorded_on = date.fromisoformat(day)
    except ValueError as error:
        raise RecordingError(f"damaged recording {file}: {error}") from error
    return Recording(
        coin_id=_COIN_OF_SYMBOL.get(coin, coin),
        vs_currency=vs_currency,
        granularity=cast(Granularity, granularity),
        recorded_on=recorded_on,
        chart=_chart(_body(file), file),
    )


def _read_ohlc(file: Path, name: re.Match[str]) -> OhlcRecording:
    coin, vs_currency = name.groups()
    body = _body(file)
    if not isinstance(body, list):
        raise RecordingError(f"damaged recording {file}: not a JSON array")
    for number, candle in enumerate(body):
        if not isinstance(candle, list) or len(candle) != 5 or not all(_is_point([candle[0], at]) for at in candle[1:]):
            raise RecordingError(f"damaged recording {file}: row {number} is not [milliseconds, four prices]")
    return OhlcRecording(_COIN_OF_SYMBOL.get(coin, coin), vs_currency, body)


def _read_list(file: Path, is_entry: Callable[[object], bool], entry: str) -> list[Any] | None:
    """The recorded list, each entry checked; None: not recorded."""
    if not file.exists():
        return None
    body = _body(file)
    if not isinstance(body, list) or not body:
        raise RecordingError(f"damaged recording {file}: not a JSON array with entries")
    for number, each in enumerate(body):
        if not is_entry(each):
            raise RecordingError(f"damaged recording {file}: entry {number} is not {entry}")
    return body


def _is_name(entry: object) -> bool:
    return isinstance(entry, str) and entry != ""


def _is_coin(entry: object) -> bool:
    """Symbol and name may be empty, as they are in CoinGecko's list here and there; the id may not."""
    texts = [entry.get(key) for key in ("id", "symbol", "name")] if isinstance(entry, dict) else [None]
    return _is_name(texts[0]) and all(isinstance(text, str) for text in texts)


def _listed(coin_id: str) -> dict[str, str]:
    coin = COINS.get(coin_id)
    symbol, name = (coin.symbol, coin.name) if coin else (coin_id, coin_id)
    return {"id": coin_id, "symbol": symbol, "name": name}


def _body(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordingError(f"cannot read the recording {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON
        raise RecordingError(f"damaged recording {file}: {error}") from error


def _chart(body: object, file: Path) -> MarketChart:
    """The three arrays of an answer, each point checked; whatever else the body holds is dropped."""
    if not isinstance(body, dict):
        raise RecordingError(f"damaged recording {file}: not a JSON object")
    for name in _ARRAYS:
        array = body.get(name)
        if not isinstance(array, list) or not array:
            raise RecordingError(f"damaged recording {file}: {name} is not a list of points")
        for number, point in enumerate(array):
            if not _is_point(point):
                raise RecordingError(f"damaged recording {file}: {name}[{number}] is not [milliseconds, value]")
    return {name: body[name] for name in _ARRAYS}


def _is_point(point: object) -> bool:
    if not isinstance(point, list) or len(point) != 2 or type(point[0]) is not int:
        return False
    value = point[1]
    return value is None or (
        type(value) in (int, float) and abs(value) < math.inf
    )  # 1e999 is read as infinity, NaN as NaN


def _stamp(point: list[float | None]) -> int:
    return cast(int, point[0])


def _milliseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
