"""Whether CoinGecko answers at all: one request, which always ends in time.

Only `make run` and `doctor` use it. Luigi's command never switches to sample data by itself.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
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


@dataclass(frozen=True)
class NotReached:
    """No API has answered: why, and what to do if it is more than to look at the network. Neither shows a password."""

    reason: str
    fix: str = "check the network"


def answers(base_url: str, seconds: float) -> bool:
    """Whether an API answers `<base_url>/ping` in time. A network's log-in page does not count."""
    return isinstance(reach(base_url, seconds), Reached)


def reach(base_url: str, seconds: float) -> Reached | NotReached:
    """Request `<base_url>/ping`: what `answers` finds, with the API's time, or why no API answers."""
    outcome: list[Reached | NotReached] = []
    request = threading.Thread(target=lambda: outcome.append(_request(f"{base_url}/ping", seconds)), daemon=True)
    request.start()
    request.join(seconds)  # the look-up of the host's name has no time-out of its own
    return outcome[0] if outcome else _late(seconds)


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


def _request(url: str, seconds: float) -> Reached | NotReached:
    try:
        way: urllib.request.BaseHandler = (
            urllib.request.ProxyHandler({})
            if network_variables.is_plain(url)
            else urllib.request.HTTPSHandler(context=network_variables.trusted())
        )
        with urllib.request.build_opener(_NoRedirect, way).open(url, timeout=seconds) as response:
            return Reached(_date(response.headers)) if _is_json_object(response.read(10_000)) else _NO_API
    except urllib.error.HTTPError as error:
        # An error, but from CoinGecko: the run will say why
        is_api = error.code == 429 or _is_json_object(_beginning(error))
        return Reached(_date(error.headers)) if is_api else _NO_API
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _reason(error, seconds)


_NO_API = NotReached("what answers is no API", "log in to the network, or correct [coingecko] base_url")


def _reason(error: Exception, seconds: float) -> NotReached:
    """Why a request has failed, in words, and what to do."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _untrusted(cause)
    if isinstance(cause, ssl.SSLError):
        return NotReached(f"no TLS is possible with it: {cause.reason or cause}", "correct the proxy or base_url")
    if isinstance(cause, TimeoutError):
        return _late(seconds)
    if isinstance(cause, socket.gaierror):
        return NotReached("the name of its host is not known", "check the network's DNS, or correct base_url")
    if str(cause).startswith("Tunnel connection failed"):  # so http.client says what a proxy has answered
        fix = f"correct {network_variables.proxy_variable() or 'the proxy'}, and its user and password"
        return NotReached(f"the proxy refuses: {str(cause).partition(': ')[2][:60]}", fix)
    if isinstance(cause, OSError):
        return NotReached(f"no connection: {cause.strerror or type(cause).__name__}")
    return NotReached(f"no answer in HTTP: {type(cause).__name__}", _NO_API.fix)


def _late(seconds: float) -> NotReached:
    return NotReached(f"no answer in {seconds:g} s")


def _untrusted(error: ssl.SSLCertVerificationError) -> NotReached:
    """A certificate that is not trusted: OpenSSL's words, and what to do about it."""
    if error.verify_code in _OF_ANOTHER_TIME:
        fix = "set the clock of this machine; if it is right, the server's certificate must be renewed"
    elif error.verify_code in _OF_ANOTHER_HOST:
        fix = "correct [coingecko] base_url; if it is right, something between answers in its place"
    else:
        fix = network_variables.how_to_trust()
    return NotReached(f"its certificate is not trusted: {error.verify_message.rstrip('.')}", fix)


_OF_ANOTHER_TIME = (9, 10)
_OF_ANOTHER_HOST = (62, 64)
"""OpenSSL's X509_V_ERR_ codes: not yet valid, expired; another name, another address."""


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
