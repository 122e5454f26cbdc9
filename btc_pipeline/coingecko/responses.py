"""What CoinGecko answers: is a body a market chart, candles, or an error, and in which shape?

Pure functions over bytes and numbers. Imports nothing of Airbyte, so that tests and the parent process can use it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

_LONGEST_MESSAGE = 300
_SECONDS = re.compile(r"-?[0-9]+")


class ErrorMessage(NamedTuple):
    """CoinGecko's own code, if it gives one, and its message."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"code {self.code}: {self.message}" if self.code else self.message


def market_chart(body: bytes) -> dict[str, Any] | None:
    """The body as a market chart: a JSON object with an array `prices`; None if it is anything else."""
    parsed = _parsed(body)
    if isinstance(parsed, dict) and isinstance(parsed.get("prices"), list):
        return parsed
    return None


def ohlc(body: bytes) -> list[Any] | None:
    """The body as CoinGecko's own candles: a JSON array of arrays; None if it is anything else."""
    parsed = _parsed(body)
    if isinstance(parsed, list) and all(isinstance(candle, list) for candle in parsed):
        return parsed
    return None


def names(body: bytes) -> list[Any] | None:
    """The body as CoinGecko's list of coins (objects with an `id`) or of currencies (strings); None if neither."""
    parsed = _parsed(body)
    if not isinstance(parsed, list) or not parsed:
        return None
    are_coins = all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in parsed)
    return parsed if are_coins or all(isinstance(each, str) for each in parsed) else None


def error_message(body: bytes) -> ErrorMessage:
    """The error message in a body that is not a market chart.

    Seen in recorded answers: `{"error": "…"}`, `{"error": {"status": {…}}}`, `{"status": {…}}`, the code beside
    the status instead of in it, and plain text from the CDN (`error code: 1015`).
    """
    parsed = _parsed(body)
    if isinstance(parsed, dict) and parsed.get("prices") == []:
        return ErrorMessage("", "a market chart without prices")
    if not isinstance(parsed, dict):
        text = body[:2000].decode("utf-8", "replace").strip()
        is_page = text[:1] == "<"
        return ErrorMessage("", "an HTML page, not JSON" if is_page else one_line(text) or "an empty body")
    error = parsed.get("error")
    outer = error if isinstance(error, dict) else parsed
    status = outer.get("status")
    inner = status if isinstance(status, dict) else outer
    code = inner.get("error_code", outer.get("error_code", ""))
    message = error if isinstance(error, str) else inner.get("error_message", outer.get("message"))
    return ErrorMessage(one_line(str(code)), one_line(str(message or json.dumps(parsed))))


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """The wait in a Retry-After header, which holds seconds or an HTTP date (RFC 9110, 10.2.3).

    None if there is no header, or it is neither. Never negative.
    """
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return max(0.0, float(header))
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - now).total_seconds())


def one_line(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """A text from outside, made safe for a terminal: one line, not too long, without control characters."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= longest else line[: longest - 3] + "..."


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))  # json alone would take UTF-16 as well
    except (ValueError, RecursionError):
        return None
