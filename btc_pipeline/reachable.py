"""Whether CoinGecko answers at all: one request, bounded in time whatever the network does.

Used by `make run` alone; the pipeline itself never chooses its source.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.error
import urllib.request
from typing import IO, Any


def answers(base_url: str, seconds: float) -> bool:
    """Whether `<base_url>/ping` is answered in time, by an API and not by some network's log-in page."""
    outcome: list[bool] = []
    asking = threading.Thread(target=lambda: outcome.append(_ask(f"{base_url}/ping", seconds)), daemon=True)
    asking.start()
    asking.join(seconds)  # a look-up of the host's name has no time-out of its own
    return outcome == [True]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _ask(url: str, seconds: float) -> bool:
    try:
        with urllib.request.build_opener(_NoRedirect).open(url, timeout=seconds) as response:
            return _is_json_object(response.read(10_000))
    except urllib.error.HTTPError as refusal:
        # Refused, but by CoinGecko: the run will say why
        return refusal.code == 429 or _is_json_object(_beginning(refusal))
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _beginning(response: IO[bytes]) -> bytes:
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        return response.read(10_000)
    return b""


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
