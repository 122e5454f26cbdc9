"""What a setting's text may be: pure functions from text to value; a ValueError says why not, in a person's words.

Coin ids and currencies pass an allow-list of letters here, before a path, a URL or SQL sees them. Reads nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from btc_pipeline.market import instants

_COIN_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_RARE_ID = re.compile(r"[a-z0-9._-]*[ ()\[\]{}][a-z0-9 ()\[\]{}._-]*")
_CURRENCY = re.compile(r"[a-z]{2,6}")
_URL = re.compile(r"[A-Za-z0-9:/._~\[\]-]+")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAYS_AGO = re.compile("-?([0-9]{1,5})d")
_LONGEST_COIN_ID = 100

YEARS = range(2009, 2101)
"""The years that a run can be for: from the first block of Bitcoin on."""


def path(text: str) -> Path:
    """An absolute path; `~` is the home folder."""
    if not text or not text.isprintable() or set(text) & set("'?"):
        raise ValueError("not a path that a database can have: remove quotes and question marks")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


def optional_path(text: str) -> Path | None:
    """As `path`; None if nothing is set."""
    return path(text) if text else None


def instant(text: str) -> datetime:
    """An ISO 8601 instant with its zone, as UTC."""
    try:
        moment = instants.parse(text)
    except instants.MissingZoneError:
        raise
    except (ValueError, OverflowError):
        raise ValueError("not an instant such as 2021-05-15T14:42:23Z") from None
    if moment.year not in YEARS:
        raise ValueError(f"not an instant of the years {YEARS.start} to {YEARS.stop - 1}")
    return moment


def optional_instant(text: str) -> datetime | None:
    """As `instant`; None if nothing is set."""
    return instant(text) if text else None


def day(text: str) -> date:
    """A day as YYYY-MM-DD."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day such as 2026-11-20")
    value = date.fromisoformat(text)
    if value.year not in YEARS:
        raise ValueError(f"not a day of the years {YEARS.start} to {YEARS.stop - 1}")
    return value


def days_ago(text: str) -> timedelta | None:
    """How many days before today `-7d` is, or `7d`; None: the text says it in another way, or does not."""
    ago = _DAYS_AGO.fullmatch(text)
    return timedelta(days=int(ago[1])) if ago else None


def relative_day(text: str) -> date | timedelta:
    """A day as YYYY-MM-DD, or how long before today it is; `on` makes it a day."""
    try:
        ago = days_ago(text)
        return day(text) if ago is None else ago
    except ValueError as error:
        raise ValueError(f"{error}, or -7d for seven days before today") from None


def on(relative: date | timedelta, today: date) -> date:
    """The day that `relative_day` has read."""
    if isinstance(relative, date):
        return relative
    return day((today - relative).isoformat())


def report_name(text: str) -> str:
    """The name of a report: its day as YYYY-MM-DD, or of a backfill the first and the last, joined by an underscore."""
    days = [day(each) for each in text.split("_")]
    if len(days) > len(("first", "last")) or days != sorted(days):
        raise ValueError("neither a day nor a first and a last one")
    return text


def relative_report(text: str) -> str | timedelta:
    """The name of a report, or how long before today its day is."""
    ago = days_ago(text)
    return report_name(text) if ago is None else ago


def coins(text: str) -> tuple[str, ...]:
    """CoinGecko coin ids, separated by commas."""
    ids = tuple(coin.strip() for coin in text.split(","))
    for coin in ids:
        if _RARE_ID.fullmatch(coin):  # a handful of CoinGecko's ids; they would be names of files and part of URLs
            raise ValueError(f"{coin[:40]!r}: coin ids with spaces or brackets are not supported here")
        if not _COIN_ID.fullmatch(coin) or len(coin) > _LONGEST_COIN_ID:
            raise ValueError(f"{coin[:40]!r} is not a CoinGecko coin id (lower case, digits, hyphens)")
    if len(set(ids)) < len(ids):
        raise ValueError("a coin is named twice")
    return ids


def currencies(text: str) -> tuple[str, ...]:
    """Currency codes of CoinGecko's, e.g. usd, separated by commas."""
    codes = tuple(code.strip() for code in text.split(","))
    for code in codes:
        if not _CURRENCY.fullmatch(code):
            raise ValueError(f"{code[:40]!r} is not a currency code such as usd")
    if len(set(codes)) < len(codes):
        raise ValueError("a currency is named twice")
    return codes


def coins_as_typed(text: str) -> tuple[str, ...]:
    """As `coins`; capital letters that no id has are read as small ones, so that BTC is what btc is."""
    return _as_typed(coins, text)


def currencies_as_typed(text: str) -> tuple[str, ...]:
    """As `currencies`, with capital letters as small ones."""
    return _as_typed(currencies, text)


def _as_typed(read: Callable[[str], tuple[str, ...]], text: str) -> tuple[str, ...]:
    try:
        return read(text)
    except ValueError as error:
        try:
            return read(text.lower())
        except ValueError:
            raise error from None


def base_url(text: str) -> str:
    """The root of an API: an https URL without user, query or fragment; http on loopback only.

    The host is as others compare it: in lower case, and without the dot of a root that may end it.
    """
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in {"http", "https"} or not host or not _URL.fullmatch(text):
        raise ValueError("not a plain http(s) URL without user, query or fragment")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("must be https, except on loopback")
    named = f"[{host}]" if ":" in host else host
    place = named if port is None else f"{named}:{port}"
    return urlunsplit((parts.scheme, place, parts.path, "", "")).rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
