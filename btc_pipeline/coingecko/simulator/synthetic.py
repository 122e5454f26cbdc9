"""The synthetic market behind the `sample` source: CoinGecko's charts, candles and lists, quirks included.

Does no I/O, reads no clock; of the project it imports only the table of coins and the hash noise. Each point comes
from the hash of its coin, series and slot. So overlapping windows agree, and a test can compute the truth by itself.
The last few thousand chunks of points are cached; that saves time and changes no point.

All instants are aware datetimes, all stamps unix milliseconds (UTC). The quirks, after real recordings:

- stamps lie 5 to 3,447 s past the hour (`hourly`) or anywhere in their 5 minutes (`5min`), never on a whole
  second; `hourly` stamps are odd and `5min` stamps even, so the two series never share one;
- every third UTC day one or two hours have no point, one or two have two, one has a null market cap and one a
  market cap of 0 (`5min`: every day, three slots of each kind or four);
- points after 23:00 UTC are served from 00:35 UTC of the next day on, when CoinGecko settles the day, and so
  is the `daily` point of that midnight;
- a window that reaches now ends with a live point on a whole second, which is not part of the settled series.
  Its price differs from the settled one by up to 0.5 % (less for a stable coin). So a settled candle that wrongly
  contains it can be seen;
- a coin with a date of listing has no point before it, and a range before it is answered with empty arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from btc_pipeline.coingecko.simulator.coins import COINS
from btc_pipeline.coingecko.simulator.noise import noises, uniform, uniforms

Granularity: TypeAlias = Literal["5min", "hourly", "daily"]
MarketChart: TypeAlias = dict[str, list[list[float | None]]]
"""`prices`, `market_caps` and `total_volumes`: lists of [unix milliseconds, value]."""
Ohlc: TypeAlias = list[list[float]]
"""CoinGecko's own candles of four hours: lists of [unix milliseconds of the close, open, high, low, close]."""

OHLC_DAYS = (7, 14, 30)
"""The `days` for which `/ohlc` has candles of four hours; other values give other candles."""
OHLC_STEP = timedelta(hours=4)

REACHES_NOW = timedelta(seconds=60)
"""A window reaches now if it ends at most this long before now."""


class Point(NamedTuple):
    """One point: unix milliseconds, then price, market cap (null or 0 at times) and rolling 24 h volume."""

    stamp: int
    price: float
    market_cap: float | None
    total_volume: float


class _Series(NamedTuple):
    slot: int  # milliseconds
    usual: tuple[int, int]  # the seconds of the slot between which its point lies,
    stray: tuple[int, int]  # and its second point, or now and then its only one
    quirk_days: int  # one day in so many has quirks,
    quirks: int  # so many of each kind


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_SETTLED_AFTER_MIDNIGHT = 35 * _MINUTE
_STRAY_SHARE = 0.03
_CHUNK = 24  # slots; at 2 hours of the 5-minute series little is computed outside of a window
_SERIES: dict[Granularity, _Series] = {
    "5min": _Series(5 * _MINUTE, usual=(150, 299), stray=(0, 140), quirk_days=1, quirks=3),
    "hourly": _Series(_HOUR, usual=(5, 400), stray=(1_800, 3_446), quirk_days=3, quirks=1),
}
_CAP_OF_QUIRK = {"null cap": None, "zero cap": 0.0}
_USD_A_UNIT = {"usd": 1.0, "eur": 1.08, "gbp": 1.27, "chf": 1.12, "jpy": 0.0066, "cad": 0.73, "inr": 0.012}
_COIN_OF_UNIT = {"btc": "bitcoin", "eth": "ethereum"}


def knows_coin(coin_id: str) -> bool:
    """Whether the market has the coin; it has those of `coins`, under CoinGecko's ids."""
    return coin_id in COINS


def knows_currency(coin_id: str, vs_currency: str) -> bool:
    """Whether the coin is quoted in the currency. Every coin is quoted in all of them: usd, eur, ..., btc, eth."""
    return knows_coin(coin_id) and (vs_currency in _USD_A_UNIT or vs_currency in _COIN_OF_UNIT)


def coins_list() -> list[dict[str, str]]:
    """What CoinGecko answers to `/coins/list`: id, symbol and name of each coin, by id; symbols are not unique."""
    return [{"id": coin_id, "symbol": coin.symbol, "name": coin.name} for coin_id, coin in sorted(COINS.items())]


def supported_vs_currencies() -> list[str]:
    """What CoinGecko answers to `/simple/supported_vs_currencies`; every coin is quoted in each of them."""
    return [*_COIN_OF_UNIT, *_USD_A_UNIT]


def earliest_start(now: datetime) -> datetime | None:
    """The oldest instant that may be requested: as without a paid plan, 365 days before now."""
    return now - timedelta(days=365)


def granularity_for(start: datetime, end: datetime, now: datetime) -> Granularity:
    """The series that CoinGecko uses if `interval` is empty; an end after now counts as now.

    More than 90 days: daily. At most the last day up to now: 5-minute. Everything else: hourly.
    """
    span = min(end, now) - start
    if span > timedelta(days=90):
        return "daily"
    return "5min" if span <= timedelta(days=1) and end >= now - REACHES_NOW else "hourly"


def market_chart(coin_id: str, vs_currency: str, start: datetime, end: datetime, now: datetime) -> MarketChart:
    """What CoinGecko answers at `now` to [start, end], both included; KeyError: unknown coin or currency."""
    granularity, latest = granularity_for(start, end, now), min(end, now)
    settled = settled_points(coin_id, vs_currency, granularity, start, latest)
    points = [point for point in settled if _served_from(point.stamp) <= _milliseconds(now)]
    if end >= now - REACHES_NOW:
        live = _live_point(coin_id, vs_currency, latest, now, points)
        points += [live] if live.stamp >= max(_milliseconds(start), _listed_at(coin_id)) else []
    return {
        "prices": [[point.stamp, point.price] for point in points],
        "market_caps": [[point.stamp, point.market_cap] for point in points],
        "total_volumes": [[point.stamp, point.total_volume] for point in points],
    }


def ohlc(coin_id: str, vs_currency: str, days: int, now: datetime) -> Ohlc:
    """CoinGecko's own candles at `now`, made of the hourly points. The last one is still open; its stamp is its close.

    As in recorded answers there are `days` times six candles. A candle without a point is skipped.
    """
    last = ohlc_close(_milliseconds(now) - 1)
    start = _EPOCH + timedelta(milliseconds=last) - days * timedelta(days=1)
    candles: dict[int, list[float]] = {}
    for point in settled_points(coin_id, vs_currency, "hourly", start, now):
        if _served_from(point.stamp) <= _milliseconds(now):
            candles.setdefault(ohlc_close(point.stamp), []).append(point.price)
    return [[close, prices[0], max(prices), min(prices), prices[-1]] for close, prices in candles.items()]


def ohlc_close(stamp: int) -> int:
    """The close of the four-hour candle that contains a stamp; both in unix milliseconds."""
    step = OHLC_STEP // timedelta(milliseconds=1)
    return stamp - stamp % step + step


def settled_points(
    coin_id: str, vs_currency: str, granularity: Granularity, start: datetime, end: datetime
) -> list[Point]:
    """The truth: all settled points of [start, end], in time order, also those that are not served yet."""
    first, last = max(_milliseconds(start), _listed_at(coin_id)), _milliseconds(end)
    width = _CHUNK * _slot(granularity)
    return [
        point
        for number in range(first // width, last // width + 1)
        for point in _chunk(coin_id, vs_currency, granularity, number)
        if first <= point.stamp <= last
    ]


def live_point_is_early(now: datetime) -> bool:
    """Whether the live point of an answer given in this UTC minute is stamped before the last settled point.

    A recorded answer ends so: …14:39:54.955, …14:39:54.000. It is true in about one minute of four. To find a `now`
    for a test, step through the minutes until it is true.
    """
    return _in_minute(now, "live point is early") < 0.25


def _live_point(coin_id: str, vs_currency: str, latest: datetime, now: datetime, settled: list[Point]) -> Point:
    """The live point: on a whole second, 20 s to 30 min old, after the settled points if it is not early."""
    stamp = _milliseconds(latest) - int((20 + 1_780 * _in_minute(now, "live lag")) * _SECOND)
    stamp -= stamp % _SECOND
    if settled:
        before = settled[-1].stamp - settled[-1].stamp % _SECOND
        after = before + _SECOND
        is_early = live_point_is_early(now) or after > _milliseconds(latest)
        stamp = before if is_early else max(stamp, after)
    (point,) = _points(coin_id, vs_currency, [stamp], [""])
    off = 0.01 * min(COINS[coin_id].volatility, 1.0) * (_in_minute(now, "live price", coin_id) - 0.5)
    return point._replace(price=point.price * (1 + off))


def _served_from(stamp: int) -> int:
    """The millisecond from which on a settled point is served."""
    into_day = stamp % _DAY
    if into_day == 0:  # only a daily point lies on midnight
        return stamp + _SETTLED_AFTER_MIDNIGHT
    return stamp if into_day < _DAY - _HOUR else stamp - into_day + _DAY + _SETTLED_AFTER_MIDNIGHT


def _listed_at(coin_id: str) -> int:
    """The first millisecond at which the coin has a point."""
    return _milliseconds(COINS[coin_id].listed_at)


def _slot(granularity: Granularity) -> int:
    return _DAY if granularity == "daily" else _SERIES[granularity].slot


@lru_cache(maxsize=4_096)
def _chunk(coin_id: str, vs_currency: str, granularity: Granularity, number: int) -> tuple[Point, ...]:
    """The settled points of chunk `number` since 1970; a chunk is computed at once, and cached."""
    width = _CHUNK * _slot(granularity)
    placed = list(_stamps(coin_id, granularity, number * width, (number + 1) * width))
    return tuple(_points(coin_id, vs_currency, [stamp for stamp, _ in placed], [quirk for _, quirk in placed]))


def _stamps(coin_id: str, granularity: Granularity, first: int, end: int) -> Iterator[tuple[int, str]]:
    """The stamps of the slots from `first` to before `end` in time order, each with its slot's quirk or ""."""
    if granularity == "daily":
        yield from ((midnight, "") for midnight in range(first, end, _DAY))
        return
    series = _SERIES[granularity]
    for slot in range(first, end, series.slot):
        quirk = _quirks(coin_id, granularity, slot // _DAY).get(slot % _DAY // series.slot, "")
        key = (coin_id, granularity, slot)
        if quirk == "doubled":
            both = sorted(slot + _offset(key, *span) for span in (series.usual, series.stray))
            yield from ((stamp, quirk) for stamp in both)
        elif quirk != "missing":
            is_stray = uniform(key, "stray") < _STRAY_SHARE
            yield slot + _offset(key, *(series.stray if is_stray else series.usual)), quirk


@lru_cache(maxsize=4_096)
def _quirks(coin_id: str, granularity: Granularity, day: int) -> dict[int, str]:
    """The slots of a UTC day with a quirk, by number, and which quirk."""
    series, key = _SERIES[granularity], (coin_id, granularity, day)
    if (day + int(series.quirk_days * uniform(coin_id, "phase"))) % series.quirk_days:
        return {}
    kinds = ["missing", "doubled", "null cap", "zero cap"] * series.quirks
    kinds += [kind for kind in ("missing", "doubled") if uniform(key, "one more", kind) < 0.3]
    ranks = uniforms((key, "rank"), range(_DAY // series.slot))
    slots = sorted(range(_DAY // series.slot), key=ranks.__getitem__)
    return dict(zip(slots, kinds, strict=False))


def _offset(key: tuple[str, Granularity, int], first: int, last: int) -> int:
    """Milliseconds into the slot: `first` to `last` s, and 1, 3 … 999 ms if hourly, else 2, 4 … 998 ms."""
    seconds = first + int((last - first + 1) * uniform(key, first, "second"))
    share = uniform(key, first, "millisecond")
    return seconds * _SECOND + (1 + 2 * int(500 * share) if key[1] == "hourly" else 2 + 2 * int(499 * share))


def _points(coin_id: str, vs_currency: str, stamps: Sequence[int], quirks: Sequence[str]) -> list[Point]:
    """The points at the stamps; both sequences are of one length."""
    coin, unit_coin = COINS[coin_id], _COIN_OF_UNIT.get(vs_currency)
    usd_a_unit = _usd(unit_coin, stamps) if unit_coin else [_USD_A_UNIT[vs_currency]] * len(stamps)
    prices = [usd / unit for usd, unit in zip(_usd(coin_id, stamps), usd_a_unit, strict=True)]
    market_caps = [
        _CAP_OF_QUIRK[quirk] if quirk in _CAP_OF_QUIRK else price * coin.supply
        for price, quirk in zip(prices, quirks, strict=True)
    ]
    volumes = [
        coin.volume_usd * math.exp(0.5 * noise) / unit
        for noise, unit in zip(noises((coin_id, "volume"), stamps, 3 * _DAY), usd_a_unit, strict=True)
    ]
    return list(map(Point, stamps, prices, market_caps, volumes))


def _usd(coin_id: str, stamps: Sequence[int]) -> list[float]:
    """The prices in US dollars: a geometric walk, the sum of noises whose size grows with the root of their periods.

    The periods go from 7.5 minutes to 170 days. Each observation has noise of its own, up to 0.05 %.
    """
    coin, octaves = COINS[coin_id], []
    for period in ((_HOUR >> 3) << k for k in range(16)):
        swing = 0.0039 * (period / _HOUR) ** 0.5
        octaves.append([swing * noise for noise in noises((coin_id, "price"), stamps, period)])
    observed = [0.001 * (share - 0.5) for share in uniforms((coin_id, "observed"), stamps)]
    walks = map(sum, zip(*octaves, strict=True))
    return [coin.usd * math.exp(coin.volatility * (walk + off)) for walk, off in zip(walks, observed, strict=True)]


def _in_minute(now: datetime, *key: object) -> float:
    return uniform(*key, _milliseconds(now) // _MINUTE)


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)
