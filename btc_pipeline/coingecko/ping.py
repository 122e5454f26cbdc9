"""Whether CoinGecko answers at all: one request, bounded in time whatever the network does.

Used by `make run` and `doctor` alone; the pipeline itself never chooses its source.
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

from btc_pipeline.coingecko import call_ledger
from btc_pipeline.warehouse import duckdb_files


@dataclass(frozen=True)
class Reached:
    """An API has answered; `date` is the instant that it says it is (UTC)."""

    date: datetime | None


def answers(base_url: str, seconds: float) -> bool:
    """Whether `<base_url>/ping` is answered in time, by an API and not by some network's log-in page."""
    return ask(base_url, seconds) is not None


def ask(base_url: str, seconds: float) -> Reached | None:
    """As `answers`, and what time it is there; None if no API answers."""
    outcome: list[Reached | None] = []
    asking = threading.Thread(target=lambda: outcome.append(_ask(f"{base_url}/ping", seconds)), daemon=True)
    asking.start()
    asking.join(seconds)  # a look-up of the host's name has no time-out of its own
    return outcome[0] if outcome else None


def enter(base_url: str, plan: str, ledger: Path) -> bool:
    """Enter a request that was answered in the call ledger, if it can be written to now.

    Returns False if the ledger was damaged; it counts from 0 again.
    """
    with contextlib.suppress(duckdb_files.DatabaseError, OSError):  # a run will say what is wrong
        return call_ledger.note(ledger, plan, urlsplit(base_url).hostname or "", "/ping")
    return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _ask(url: str, seconds: float) -> Reached | None:
    try:
        with urllib.request.build_opener(_NoRedirect).open(url, timeout=seconds) as response:
            return Reached(_date(response.headers)) if _is_json_object(response.read(10_000)) else None
    except urllib.error.HTTPError as refusal:
        # An error, but CoinGecko's: the run will say why
        is_api = refusal.code == 429 or _is_json_object(_beginning(refusal))
        return Reached(_date(refusal.headers)) if is_api else None
    except (OSError, ValueError, http.client.HTTPException):
        return None


def _date(headers: Message) -> datetime | None:
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return told if told.tzinfo else None


def _beginning(response: IO[bytes]) -> bytes:
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        return response.read(10_000)
    return b""


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
