"""A CoinGecko-shaped server on loopback, for the `sample` source, for replays and for tests.

Listens on 127.0.0.1 only; never logs, keeps or echoes what a request carries, unless a test asks it to.
Decides nothing about the data, which is for `sample` and `recordings` to do; imports nothing else of ours.

    with ReplayServer(sample) as server:  # or Recordings.read(folder)
        get(f"{server.base_url}/coins/bitcoin/market_chart/range?vs_currency=usd&from=1620482543&to=1621087343")

By hand: `python -m btc_pipeline.coingecko.replay [--recordings DIR] [--now ISO] [--port N]`.
"""

from __future__ import annotations

import argparse
import json
import re
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
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol
from urllib.parse import parse_qs

from btc_pipeline.coingecko import sample
from btc_pipeline.coingecko.recordings import RecordingError, Recordings

if TYPE_CHECKING:
    from typing_extensions import Self

_RANGE = re.compile(r"/api/v3/coins/([^/]+)/market_chart/range")
_OHLC = re.compile(r"/api/v3/coins/([^/]+)/ohlc")
_INCORRECT_PATH = {"error": "Incorrect path. Please check https://www.coingecko.com/api/"}
_EXCEEDS_TIME_RANGE = (
    "Your request exceeds the allowed time range. Public API users are limited to querying historical data"
    " within the past 365 days. Upgrade to a paid plan to enjoy full historical data access:"
    " https://www.coingecko.com/en/api/pricing. "
)


class Answers(Protocol):
    """Where the data comes from: the module `sample`, a `Recordings`, or a test's own."""

    def knows_coin(self, coin_id: str, /) -> bool:
        """Whether the coin is served."""

    def knows_currency(self, coin_id: str, vs_currency: str, /) -> bool:
        """Whether the coin is served in the currency."""

    def earliest_start(self, now: datetime, /) -> datetime | None:
        """The oldest `from` that is answered; None: no limit."""

    def market_chart(
        self, coin_id: str, vs_currency: str, start: datetime, end: datetime, now: datetime, /
    ) -> sample.MarketChart:
        """The points of [start, end] as of `now`."""

    def ohlc(self, coin_id: str, vs_currency: str, days: int, now: datetime, /) -> sample.Ohlc:
        """CoinGecko's own candles of four hours of the last `days` days as of `now`."""


class Request(NamedTuple):
    """A request as received, kept with `record_requests=True` only."""

    method: str
    path: str
    headers: dict[str, str]


class ReplayHandler(BaseHTTPRequestHandler):
    """One connection. Tests derive from it to make faults (`tests/faulty_server.py`)."""

    server: ReplayServer
    server_version = "btc-pipeline-replay"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a kept connection may idle
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
        """In CoinGecko's shape, not HTML, and without http.server's message, which quotes the request.

        A method other than GET is a path that is not there.
        """
        self.close_connection = True  # a body may be left unread
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self.send_json(HTTPStatus.NOT_FOUND, _INCORRECT_PATH)
        else:
            self.send_json(code, {"error": HTTPStatus(code).phrase})

    def parse_request(self) -> bool:
        """Keep the request where a test wants it."""
        is_good = super().parse_request()
        if is_good and self.server.record_requests:
            self.server.requests.append(Request(self.command, self.path, dict(self.headers)))
        return is_good

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class ReplayServer(ThreadingHTTPServer):
    """Binds the port when made (OSError: it cannot be had), answers within its `with` block and not after it.

    `now` fixes the instant that it answers as of (aware; None: the clock). `port` 0 takes a free one.
    """

    handler_class: type[ReplayHandler] = ReplayHandler

    def __init__(
        self, answers: Answers, now: datetime | None = None, port: int = 0, *, record_requests: bool = False
    ) -> None:
        if now is not None and now.tzinfo is None:
            raise ValueError(f"now={now.isoformat()} has no time zone")
        self.answers = answers
        self.record_requests = record_requests
        self.requests: list[Request] = []
        self._fixed_now = now
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), self.handler_class)

    @property
    def base_url(self) -> str:
        """What takes the place of https://api.coingecko.com/api/v3."""
        return f"http://127.0.0.1:{self.server_port}/api/v3"

    def now(self) -> datetime:
        """The instant that an answer is given as of."""
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
        """Forget the connection, which ends."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error; anything else is ours and prints its traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def respond(answers: Answers, target: str, now: datetime) -> tuple[HTTPStatus, object]:
    """Status and JSON body for a GET of the target (path and query), in CoinGecko's shapes."""
    path, _, query = target.partition("?")
    if path == "/api/v3/ping":
        return HTTPStatus.OK, {"gecko_says": "(V3) To the Moon!"}
    for pattern, respond_to in ((_RANGE, _respond_range), (_OHLC, _respond_ohlc)):
        if coin := pattern.fullmatch(path):
            parameters = {name: values[-1] for name, values in parse_qs(query).items()}
            if not answers.knows_coin(coin[1]):
                return HTTPStatus.NOT_FOUND, {"error": "coin not found"}
            if not answers.knows_currency(coin[1], parameters.get("vs_currency", "")):
                return HTTPStatus.BAD_REQUEST, {"error": "invalid vs_currency"}
            return respond_to(answers, coin[1], parameters, now)
    return HTTPStatus.NOT_FOUND, _INCORRECT_PATH


def _respond_ohlc(
    answers: Answers, coin_id: str, parameters: dict[str, str], now: datetime
) -> tuple[HTTPStatus, object]:
    """Of the numbers of days that CoinGecko takes, those that come to candles of four hours."""
    if "days" not in parameters:
        return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "Missing parameter days"}
    if parameters["days"] not in map(str, sample.OHLC_DAYS):
        return HTTPStatus.BAD_REQUEST, {"error": "Invalid days parameter"}
    return HTTPStatus.OK, answers.ohlc(coin_id, parameters["vs_currency"], int(parameters["days"]), now)


def _respond_range(
    answers: Answers, coin_id: str, parameters: dict[str, str], now: datetime
) -> tuple[HTTPStatus, object]:
    for name in ("from", "to"):
        if name not in parameters:
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": f"Missing parameter {name}"}
        if not re.fullmatch(r"[0-9]{1,11}", parameters[name]):
            return HTTPStatus.BAD_REQUEST, {"error": f"invalid {name}"}
    start, end = (datetime.fromtimestamp(int(parameters[name]), timezone.utc) for name in ("from", "to"))
    if start > end:
        return HTTPStatus.BAD_REQUEST, {"error": "invalid date range"}
    earliest = answers.earliest_start(now)
    if earliest is not None and start < earliest:
        facts = {"error_code": 10012, "error_message": _EXCEEDS_TIME_RANGE}
        timestamp = now.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        return HTTPStatus.UNAUTHORIZED, {"error": {"status": {"timestamp": timestamp, **facts}}}
    return HTTPStatus.OK, answers.market_chart(coin_id, parameters["vs_currency"], start, end, now)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C; a mistake is one line on stderr and exit code 2."""
    parser = _OneLineParser(prog="replay", description="Serve CoinGecko-shaped answers on loopback.")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="recorded answers (default: the sample)")
    parser.add_argument("--now", type=_instant, metavar="ISO", help="answer as of this instant (default: the clock)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    options = parser.parse_args(arguments)
    try:
        answers: Answers = Recordings.read(options.recordings) if options.recordings else sample
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
    main()
