"""A server on loopback that answers like CoinGecko: for the `sample` source, for replays and for tests.

Listens on 127.0.0.1 only. Never logs, keeps or repeats the content of a request, unless a test wants it.
Decides nothing about the answers: `routes`, `synthetic` and `recordings` do. Imports nothing else of the project.

    with ReplayServer(synthetic) as server:  # or Recordings.read(folder)
        get(f"{server.base_url}/coins/bitcoin/market_chart/range?vs_currency=usd&from=1620482543&to=1621087343")

By hand: `python -m btc_pipeline.coingecko.simulator.server [--recordings DIR] [--now ISO] [--port N]`.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.recordings import RecordingError, Recordings
from btc_pipeline.coingecko.simulator.routes import INCORRECT_PATH, respond
from btc_pipeline.coingecko.simulator.routes import (
    Answers as Answers,
)  # an argument of the server, so it can be imported from here

if TYPE_CHECKING:
    from typing_extensions import Self


class SeenRequest(NamedTuple):
    """A request as received, kept with `record_requests=True` only."""

    method: str
    path: str
    headers: dict[str, str]


class ReplayHandler(BaseHTTPRequestHandler):
    """One connection. Tests derive from it to make faults (`tests/support/faulty_server.py`)."""

    server: ReplayServer
    server_version = "btc-pipeline-replay"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that an open connection may be idle
    disable_nagle_algorithm = True  # a body would wait 40 ms for the delayed ACK of its headers

    def do_GET(self) -> None:
        """Answer one GET."""
        self.send_json(*respond(self.server.answers, self.path, self.server.now()))

    def send_json(self, status: int, body: object) -> None:
        """Send a whole answer."""
        content = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error in CoinGecko's shape, not HTML, and without http.server's message, which quotes the request.

        A method other than GET counts as a path that does not exist.
        """
        self.close_connection = True  # a body may be left unread
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self.send_json(HTTPStatus.NOT_FOUND, INCORRECT_PATH)
        else:
            self.send_json(code, {"error": HTTPStatus(code).phrase})

    def parse_request(self) -> bool:
        """Keep the request if a test wants it."""
        is_good = super().parse_request()
        if is_good and self.server.record_requests:
            self.server.requests.append(SeenRequest(self.command, self.path, dict(self.headers)))
        return is_good

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class ReplayServer(ThreadingHTTPServer):
    """Binds the port when it is made (OSError: the port is not free). Answers only inside its `with` block.

    `now` is the fixed instant of its answers, with a time zone; None: the clock. `port` 0 takes a free one.
    """

    handler_class: type[ReplayHandler] = ReplayHandler

    def __init__(
        self, answers: Answers, now: datetime | None = None, port: int = 0, *, record_requests: bool = False
    ) -> None:
        if now is not None and now.tzinfo is None:
            raise ValueError(f"now={now.isoformat()} has no time zone")
        self.answers = answers
        self.record_requests = record_requests
        self.requests: list[SeenRequest] = []
        self._fixed_now = now
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), self.handler_class)

    @property
    def base_url(self) -> str:
        """The URL that replaces https://api.coingecko.com/api/v3."""
        return f"http://127.0.0.1:{self.server_port}/api/v3"

    def now(self) -> datetime:
        """The instant of an answer."""
        return self._fixed_now or datetime.now(timezone.utc)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="replay server", daemon=True).start()
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which can take seconds without a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection until it ends."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection: it ends."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not an error; anything else is ours and prints its traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C; a mistake is one line on stderr and exit code 2."""
    parser = _OneLineParser(prog="replay", description="Serve CoinGecko-shaped answers on loopback.")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="recorded answers (default: the sample)")
    parser.add_argument("--now", type=_instant, metavar="ISO", help="answer as of this instant (default: the clock)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    options = parser.parse_args(arguments)
    try:
        answers: Answers = Recordings.read(options.recordings) if options.recordings else synthetic
        with ReplayServer(answers, options.now, options.port) as server, suppress(KeyboardInterrupt):
            print(server.base_url, flush=True)
            threading.Event().wait()
    except RecordingError as error:
        parser.error(str(error))
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on 127.0.0.1:{options.port}: {error}")


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _instant(text: str) -> datetime:
    """An ISO instant with its zone; `Z` is spelt out because Python 3.10 does not read it."""
    try:
        instant = datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant such as 2021-05-15T14:42:23Z")
    return instant


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the package has its own way to end a command
    main()
