"""What a run requests from CoinGecko: one request for each answer that it wants.

Pure: takes settings and an instant, opens nothing, reads no clock. `verify/` says whether an answer is good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from btc_pipeline.coingecko import streams
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import Window
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.values import Settings

FIVE_MINUTE_SPAN = timedelta(days=1)
"""CoinGecko has 5-minute points only for the last day up to now."""

OHLC_DAYS = (7, 14, 30)
"""The `days` for which CoinGecko's candles are of four hours."""


def of_run(settings: Settings, day: date, now: datetime, pairs: Iterable[Pair]) -> list[raw_archive.Request]:
    """What a run of a day requests. Prices come first: they matter most if the budget is spent.

    Args:
        settings: days, provenance, and whether to request 5-minute points and CoinGecko's own candles.
        day: the run's date.
        now: the instant of the extraction, UTC.
        pairs: those that have no answer yet.

    Returns:
        For each pair the hourly window. If the window reaches now, also the 5-minute points of the last day. If
        CoinGecko's own candles reach back to the window, also these.
    """
    window = Window.of(day, settings.days, now)
    charts = [
        raw_archive.Request(
            pair.coin_id,
            pair.vs_currency,
            day,
            window.start,
            window.end,
            now,
            settings.provenance,
            streams.MARKET_CHART,
        )
        for pair in pairs
    ]
    wanted = list(charts)
    if settings.five_minute_points and day == now.date():
        wanted += [_up_to(now, FIVE_MINUTE_SPAN, chart, streams.CHART_5M) for chart in charts]
    if days := _ohlc_days(settings, window, now):
        wanted += [_up_to(now, timedelta(days=days), chart, streams.OHLC) for chart in charts]
    return wanted


def _up_to(now: datetime, span: timedelta, chart: raw_archive.Request, stream: str) -> raw_archive.Request:
    return replace(chart, stream=stream, window_from=now - span, window_to=now)


def _ohlc_days(settings: Settings, window: Window, now: datetime) -> int:
    """The least number of days that `/ohlc` takes and that covers the window; 0: do not request it."""
    if not settings.second_opinion or window.end < now - timedelta(days=OHLC_DAYS[-1]):
        return 0
    return next((days for days in OHLC_DAYS if now - timedelta(days=days) <= window.start), OHLC_DAYS[-1])
