"""Whether CoinGecko answers at all: one request, which always ends in time.

Only `make run` and `doctor` use it. Luigi's command never switches to sample data by itself.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from btc_pipeline.coingecko import call_ledger, network_variables
from btc_pipeline.warehouse import database_errors


@dataclass(frozen=True)
class Reached:
    """An API has answered; `date` is the time that its answer states (UTC)."""

    date: datetime | None


def answers(base_url: str, seconds: float) -> bool:
    """Whether an API answers `<base_url>/ping` in time. A network's log-in page does not count."""
    return reach(base_url, seconds) is not None


def reach(base_url: str, seconds: float) -> Reached | None:
    """Request `<base_url>/ping`: what `answers` finds, and the API's time; None if no API answers."""
    outcome: list[Reached | None] = []
    request = threading.Thread(target=lambda: outcome.append(_request(f"{base_url}/ping", seconds)), daemon=True)
    request.start()
    request.join(seconds)  # the look-up of the host's name has no time-out of its own
    return outcome[0] if outcome else None


def enter(base_url: str, plan: str, ledger: Path) -> bool:
    """Enter an answered request in the call ledger, if the ledger can be written now.

    Returns False if the ledger was damaged; then it counts from 0 again.
    """
    with contextlib.suppress(database_errors.DatabaseError, OSError):  # a run will say what is wrong
        return call_ledger.note(ledger, plan, urlsplit(base_url).hostname or "", "/ping")
    return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _request(url: str, seconds: float) -> Reached | None:
    try:
        way: urllib.request.BaseHandler = (
            urllib.request.ProxyHandler({})
            if network_variables.is_plain(url)
            else urllib.request.HTTPSHandler(context=network_variables.trusted())
        )
        with urllib.request.build_opener(_NoRedirect, way).open(url, timeout=seconds) as response:
            return Reached(_date(response.headers)) if _is_json_object(response.read(10_000)) else None
    except urllib.error.HTTPError as error:
        # An error, but from CoinGecko: the run will say why
        is_api = error.code == 429 or _is_json_object(_beginning(error))
        return Reached(_date(error.headers)) if is_api else None
    except (OSError, ValueError, http.client.HTTPException):
        return None


def _date(headers: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return date if date.tzinfo else None


def _beginning(response: IO[bytes]) -> bytes:
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        return response.read(10_000)
    return b""


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
