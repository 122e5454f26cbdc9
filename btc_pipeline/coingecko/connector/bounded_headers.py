"""Connections that give up an answer whose headers do not end: each byte that drips in puts a time-out off.

Imports nothing of Airbyte or of the project. `components.py` bounds the body.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse

SECONDS = 20.0
"""So long may the headers of an answer take, from the request on. The longest silence is a setting."""


class SlowHeadersError(requests.RequestException):
    """The headers of an answer did not end in time."""


class _OverdueError(Exception):
    """As that one, within urllib3, which would take an exception that it knows for a broken connection."""


class _Watched(HTTPConnection):
    def getresponse(self) -> Any:
        is_overdue = threading.Event()
        watch = threading.Timer(SECONDS, _cut_off, (self.sock, is_overdue))
        watch.daemon = True
        watch.start()
        try:
            response: BaseHTTPResponse = super().getresponse()
        except Exception:
            if is_overdue.is_set():
                raise _OverdueError from None
            raise
        finally:
            watch.cancel()
        if is_overdue.is_set():  # headers that end with the connection count as whole
            response.close()
            raise _OverdueError
        return response


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


_POOLS = {"http": _Pool, "https": _PoolTLS}


class Adapter(HTTPAdapter):
    """For `requests.Session.mount`."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """The answer, with whole headers.

        Raises:
            SlowHeadersError: they take too long.
        """
        try:
            return super().send(request, *arguments, **named)
        except _OverdueError:
            reason = f"an answer whose headers take more than {SECONDS:g} s"
            raise SlowHeadersError(reason, request=request) from None

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """The manager of connections, with ours."""
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """The manager of a proxy's connections, with ours."""
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def mount(session: requests.Session) -> None:
    """Bound the headers of all answers of a session."""
    for scheme in _POOLS:
        session.mount(f"{scheme}://", Adapter())


def _cut_off(connection: socket.socket | None, is_overdue: threading.Event) -> None:
    is_overdue.set()
    if connection is not None:
        with contextlib.suppress(OSError):  # it has just ended
            connection.shutdown(socket.SHUT_RDWR)
