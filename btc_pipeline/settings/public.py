"""The settings of a run as they may be shown to anybody who is shown its candles: without secrets, without paths.

Pure: takes validated settings; reads neither a file nor the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from btc_pipeline.market import instants
from btc_pipeline.settings.reader import Settings

HIDDEN = {
    ("pipeline", "data_dir"): "where it lies on a machine is nobody's business",
    ("pipeline", "summary"): "changes no data",
    **dict.fromkeys((("chart", key) for key in ("style", "size", "formats", "moving_averages")), "changes no data"),
}
"""The settings that are not shown, and why."""

_SPECIAL: dict[tuple[str, str], Callable[[Settings], str]] = {
    ("pipeline", "recordings"): lambda settings: settings.recordings.name if settings.recordings else "",
    ("pipeline", "vs_currency"): lambda settings: ",".join(settings.vs_currencies),
    ("pipeline", "now"): lambda settings: instants.text(settings.now) if settings.now else "",
    ("coingecko", "base_url"): lambda settings: urlsplit(settings.base_url).hostname or "",
    ("coingecko", "api_key_file"): lambda settings: "(a file, not shown)" if settings.api_key_file else "",
}
"""Those that are shown in other words than their own; of a URL only the host, as a path may hold a key."""

_KEYS = {
    "pipeline": (
        *("source", "recordings", "coins", "vs_currency", "days", "max_age_hours", "min_coverage", "repeat_hours"),
        *("five_minute_points", "second_opinion", "second_opinion_limit_bps", "now"),
    ),
    "coingecko": (
        *("plan", "base_url", "api_key_file", "calls_a_minute", "calls_a_month"),
        *("timeout_seconds", "retries", "max_wait_seconds", "deadline_seconds"),
    ),
}


def shown(settings: Settings) -> list[tuple[str, str, str]]:
    """Section, key and value of each setting, in the order of luigi.cfg; an empty value is one that is not set."""
    return [(section, key, _value(settings, section, key)) for section, keys in _KEYS.items() for key in keys]


def _value(settings: Settings, section: str, key: str) -> str:
    if special := _SPECIAL.get((section, key)):
        return special(settings)
    value = getattr(settings, key)
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
