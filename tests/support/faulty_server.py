"""The replay server with faults, for tests: a request may be answered late, slowly, wrongly, half or never.

Must not be imported by the package. The faults are bytes on a real socket; nothing is mocked.

    def fail_twice(path: str, n: int) -> FaultAnswer | None:
        return FaultAnswer(status=503) if n <= 2 else None

    with FaultyServer(sample, fail_twice) as server: ...
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from btc_pipeline.coingecko.simulator.server import Answers, ReplayHandler, ReplayServer


@dataclass(frozen=True)
class FaultAnswer:
    """What one request gets instead of its answer; times in seconds.

    `delay` passes before anything is sent, `drip` after each byte of the body, `drip_headers` after each byte of a
    header. `cut_at` closes the connection after so many bytes of the body, though Content-Length promises all of it.
    `is_reset` sends nothing but a TCP reset. A header given in `headers` takes the place of the usual one.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drip: float = 0.0
    drip_headers: float = 0.0
    cut_at: int | None = None
    is_reset: bool = False


OnRequest = Callable[[str, int], FaultAnswer | None]
"""Called with a GET's path (and query) and its number, from 1; None: the true answer. One call at a time."""


class FaultyHandler(ReplayHandler):
    """One connection, with the faults that the server's `on_request` decides."""

    server: FaultyServer

    def do_GET(self) -> None:  # noqa: N802  (http.server's name)
        """Ask for a fault; without one, answer truly."""
        fault = self.server.next_fault(self.path)
        if fault is None:
            super().do_GET()
        elif not self.server.is_over.wait(fault.delay):
            self._reset() if fault.is_reset else self._send(fault)

    def _send(self, fault: FaultAnswer) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(fault.body))}
        reason = "" if fault.status in set(HTTPStatus) else "Unknown"
        self.send_response(fault.status, reason or None)
        given = {name.title(): value for name, value in fault.headers.items()}
        for name, value in (headers | given).items():
            self.send_header(name, value)
        if fault.drip_headers:
            self.flush_headers()
            self._drip(b"X-Slow: " + b"x" * 10_000, fault.drip_headers)
            return
        self.end_headers()
        body = fault.body[: fault.cut_at]
        if fault.drip:
            self._drip(body, fault.drip)
        else:
            self.wfile.write(body)
        self.close_connection = self.close_connection or body != fault.body

    def _drip(self, text: bytes, seconds: float) -> None:
        for byte in text:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.is_over.wait(seconds):
                break

    def _reset(self) -> None:
        """Close with a TCP reset: lingering for 0 s drops what is unsent and says RST instead of FIN."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


class FaultyServer(ReplayServer):
    """A replay server that records its requests and asks `on_request` about each GET first."""

    handler_class = FaultyHandler

    def __init__(self, answers: Answers, on_request: OnRequest, now: datetime | None = None, port: int = 0) -> None:
        self.is_over = threading.Event()
        self._on_request = on_request
        self._count = 0
        self._one_at_a_time = threading.Lock()
        super().__init__(answers, now, port, record_requests=True)

    def next_fault(self, path: str) -> FaultAnswer | None:
        """What `on_request` says about the next request."""
        with self._one_at_a_time:
            self._count += 1
            return self._on_request(path, self._count)

    def __exit__(self, *exception: object) -> None:
        self.is_over.set()
        super().__exit__(*exception)
