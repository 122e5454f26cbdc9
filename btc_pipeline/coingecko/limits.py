"""How far back CoinGecko's prices reach, and how many days one answer may have.

Pure: takes settings and an instant; sends no request.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.market.days import DAY, Span, last_settled
from btc_pipeline.settings.values import Settings

CHUNK_DAYS = 90
"""The longest range for which CoinGecko sends hourly points."""

REACH_DAYS = 365
"""How far back keyless and demo plans reach."""


def earliest(settings: Settings, now: datetime) -> date | None:
    """The first whole day that the plan reaches; None if it has no limit."""
    return None if settings.plan == "pro" else (now - timedelta(days=REACH_DAYS)).date() + DAY


def checked(settings: Settings, span: Span, now: datetime) -> Span:
    """The span, if CoinGecko can serve it.

    Raises:
        ConfigurationError: it ends before it begins, is not settled yet, or begins before the plan's first day.
    """
    newest, oldest = last_settled(now), earliest(settings, now)
    if span.last < span.first:
        raise ConfigurationError(f"bad --start {span.first}: it is after --end {span.last}", "change one of them")
    if span.last > newest:
        raise ConfigurationError(
            f"bad --end {span.last}: CoinGecko has not settled it (at 00:35 UTC of the next day)",
            f"choose {newest} or earlier; today's run brings the days since",
        )
    if oldest and span.first < oldest:
        raise ConfigurationError(
            f"bad --start {span.first}: [coingecko] plan = {settings.plan} reaches back {REACH_DAYS} days, to {oldest}",
            f"choose {oldest} or later, or a pro plan",
        )
    return span
