"""The replay server over real HTTP: CoinGecko's routes and error shapes, on loopback only, and its faults."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.recordings import Recordings
from btc_pipeline.coingecko.simulator.server import ReplayHandler, ReplayServer
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.patience import FOR_EVER, PATIENCE

NOW = datetime(2024, 4, 12, 13, 30, 5, tzinfo=timezone.utc)
DAY = timedelta(days=1)
YEAR = 365 * DAY
Get = Callable[[str], tuple[int, Any]]


def seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def range_path(
    coin_id: str = "bitcoin", vs_currency: str = "usd", start: datetime = NOW - 7 * DAY, end: datetime = NOW
) -> str:
    query = f"vs_currency={vs_currency}&from={seconds(start)}&to={seconds(end)}"
    return f"/coins/{coin_id}/market_chart/range?{query}"


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(synthetic, NOW) as server:
        yield server


def connect(server: ReplayServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)


# --- answers


def test_ping_answers_as_coingecko_does(server: ReplayServer, get: Get) -> None:
    assert get(f"{server.base_url}/ping") == (200, {"gecko_says": "(V3) To the Moon!"})


@pytest.mark.parametrize("days", [0.5, 8, 200])
def test_a_range_is_answered_with_the_market_s_points_to_the_last_digit(
    server: ReplayServer, get: Get, days: float
) -> None:
    start = NOW - timedelta(days=days)
    status, body = get(server.base_url + range_path(start=start))
    assert status == 200
    assert body == synthetic.market_chart("bitcoin", "usd", start, NOW, NOW)
    assert body["prices"]


def test_settled_points_over_http_are_the_truth(server: ReplayServer, get: Get) -> None:
    start, end = (NOW - 5 * DAY).replace(hour=0, minute=0), (NOW - 2 * DAY).replace(hour=0, minute=0)
    _, body = get(server.base_url + range_path("ethereum", "eur", start, end))
    truth = synthetic.settled_points("ethereum", "eur", "hourly", start, end)
    assert body["prices"] == [[point.stamp, point.price] for point in truth]


def test_without_a_fixed_now_the_clock_is_asked(get: Get) -> None:
    with ReplayServer(synthetic) as server:
        clock = datetime.now(timezone.utc)
        _, body = get(server.base_url + range_path(start=clock - DAY, end=clock))
    age = clock - datetime.fromtimestamp(body["prices"][-1][0] / 1000, timezone.utc)
    assert timedelta(0) <= age < timedelta(minutes=40)


def test_one_connection_serves_many_requests_and_no_answer_waits_for_an_ack(server: ReplayServer) -> None:
    connection = connect(server)
    for _ in range(50):
        connection.request("GET", "/api/v3/ping")
        assert connection.getresponse().read()
    (served,) = server._connections
    assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # or 40 ms each: Nagle, and delayed ACKs
    connection.close()


# --- errors, in CoinGecko's shapes

NOT_FOUND = (404, {"error": "Incorrect path. Please check https://www.coingecko.com/api/"})
WINDOW = f"from={seconds(NOW - DAY)}&to={seconds(NOW)}"
RANGE = "/coins/bitcoin/market_chart/range"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("", NOT_FOUND),
        ("/coins/bitcoin", NOT_FOUND),
        ("/coins/bitcoin/market_charts?vs_currency=usd&days=7", NOT_FOUND),
        ("/coins/lists", NOT_FOUND),
        ("/coins/a/b/market_chart/range", NOT_FOUND),
        (range_path("no-such-coin"), (404, {"error": "coin not found"})),
        (range_path("%2e%2e"), (404, {"error": "coin not found"})),
        (range_path(vs_currency="xyz"), (400, {"error": "invalid vs_currency"})),
        (f"{RANGE}?{WINDOW}", (400, {"error": "invalid vs_currency"})),
        (f"{RANGE}?vs_currency=usd", (422, {"error": "Missing parameter from"})),
        (f"{RANGE}?vs_currency=usd&from=1", (422, {"error": "Missing parameter to"})),
        (f"{RANGE}?vs_currency=usd&from=x&to=2", (400, {"error": "invalid from"})),
        (f"{RANGE}?vs_currency=usd&from=-1&to=2", (400, {"error": "invalid from"})),
        (f"{RANGE}?vs_currency=usd&from=1&to=123456789012", (400, {"error": "invalid to"})),
        (f"{RANGE}?vs_currency=usd&from=2&to=1", (400, {"error": "invalid date range"})),
        ("/coins/no-such-coin/ohlc?vs_currency=usd&days=7", (404, {"error": "coin not found"})),
        ("/coins/bitcoin/ohlc?vs_currency=xyz&days=7", (400, {"error": "invalid vs_currency"})),
        ("/coins/bitcoin/ohlc?vs_currency=usd", (422, {"error": "Missing parameter days"})),
        ("/coins/bitcoin/ohlc?vs_currency=usd&days=8", (400, {"error": "Invalid days parameter"})),
    ],
)
def test_a_bad_request_gets_coingecko_s_error(
    server: ReplayServer, get: Get, path: str, answer: tuple[int, Any]
) -> None:
    assert get(server.base_url + path) == answer


@pytest.mark.parametrize("days", synthetic.OHLC_DAYS)
def test_candles_of_four_hours_are_served(server: ReplayServer, get: Get, days: int) -> None:
    answer = get(f"{server.base_url}/coins/bitcoin/ohlc?vs_currency=usd&days={days}")
    assert answer == (200, synthetic.ohlc("bitcoin", "usd", days, NOW))


def test_a_path_outside_the_api_is_not_found(server: ReplayServer, get: Get) -> None:
    root = server.base_url.removesuffix("/api/v3")
    assert get(f"{root}/") == NOT_FOUND
    assert get(f"{root}/api/v3/../../etc/passwd") == NOT_FOUND


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "BREW"])
def test_another_method_is_not_found(server: ReplayServer, method: str) -> None:
    connection = connect(server)
    connection.request(method, "/api/v3/ping", body=b"{}")
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())) == NOT_FOUND
    connection.close()


def test_a_request_that_is_not_http_gets_a_json_error_that_does_not_quote_it(server: ReplayServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as client:
        client.sendall(b"GET one two three HTTP/1.1\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head.splitlines()[0]
    assert json.loads(body) == {"error": "Bad Request"}


def test_more_than_365_days_back_is_refused_with_code_10012(server: ReplayServer, get: Get) -> None:
    assert get(server.base_url + range_path(start=NOW - YEAR))[0] == 200
    status, body = get(server.base_url + range_path(start=NOW - YEAR - timedelta(seconds=1)))
    assert status == 401
    assert body["error"]["status"]["error_code"] == 10012
    assert body["error"]["status"]["timestamp"] == "2024-04-12T13:30:05.000+00:00"
    assert "within the past 365 days" in body["error"]["status"]["error_message"]


# --- recordings


def write_recording(folder: Path) -> dict[str, list[list[float]]]:
    stamps = [seconds(NOW - hours * timedelta(hours=1)) * 1000 + 123 for hours in range(48, 0, -1)]
    body = {name: [[stamp, 1.5] for stamp in stamps] for name in ("prices", "market_caps", "total_volumes")}
    (folder / "ltc_eur_2d_hourly_2024-04-12.json").write_text(json.dumps(body), encoding="utf-8")
    return body


def test_recordings_are_served_and_are_not_too_old(tmp_path: Path, get: Get) -> None:
    body = write_recording(tmp_path)
    path = range_path("litecoin", "eur", NOW - 3 * DAY, NOW)
    with ReplayServer(Recordings.read(tmp_path), NOW + 3 * YEAR) as server:
        assert get(server.base_url + path) == (200, body)
        assert get(server.base_url + range_path("litecoin", "usd")) == (400, {"error": "invalid vs_currency"})
        assert get(server.base_url + range_path("bitcoin", "eur")) == (404, {"error": "coin not found"})


# --- the server itself


def test_it_listens_on_loopback_only(server: ReplayServer) -> None:
    assert server.socket.getsockname() == ("127.0.0.1", server.server_port)
    assert server.base_url == f"http://127.0.0.1:{server.server_port}/api/v3"
    with pytest.raises(OSError, match=r"refused|unreachable|timed out|assign"):
        socket.create_connection(("127.0.0.2", server.server_port), timeout=1)


def test_requests_and_their_headers_are_kept_only_when_a_test_asks() -> None:
    for is_recorded in (False, True):
        with ReplayServer(synthetic, NOW, record_requests=is_recorded) as server:
            connection = connect(server)
            connection.request("GET", "/api/v3/ping?a=1", headers={"x-cg-demo-api-key": "CG-secret"})
            connection.getresponse().read()
            connection.request("POST", "/api/v3/ping")
            connection.getresponse().read()
            connection.close()
        assert [(each.method, each.path) for each in server.requests] == (
            [("GET", "/api/v3/ping?a=1"), ("POST", "/api/v3/ping")] if is_recorded else []
        )
        assert all("CG-secret" in each.headers.values() for each in server.requests[:1])


def test_it_never_echoes_or_logs_a_key(server: ReplayServer, capfd: pytest.CaptureFixture[str]) -> None:
    connection = connect(server)
    received = ""
    for path in ("/api/v3/ping", "/x?x_cg_demo_api_key=CG-secret", "/api/v3" + range_path("CG-secret")):
        connection.request("GET", path, headers={"x-cg-pro-api-key": "CG-secret"})
        response = connection.getresponse()
        received += str(response.headers) + response.read().decode()
    connection.close()
    assert "CG-secret" not in received
    assert capfd.readouterr() == ("", "")
    assert "CG-secret" not in repr(vars(server))


def test_after_its_block_nothing_answers_on_open_connections_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReplayHandler, "timeout", FOR_EVER)  # or an open connection would end by itself
    with ReplayServer(synthetic, NOW) as server:
        connection = connect(server)
        connection.request("GET", "/api/v3/ping")
        connection.getresponse().read()
    kept = connection.sock
    assert kept.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        connect(server).connect()


def test_a_taken_port_and_a_now_without_a_zone_are_refused(server: ReplayServer) -> None:
    with pytest.raises(OSError, match="in use"):
        ReplayServer(synthetic, port=server.server_port)
    with pytest.raises(ValueError, match="no time zone"):
        ReplayServer(synthetic, datetime(2024, 4, 12))  # noqa: DTZ001


# --- by hand


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "btc_pipeline.coingecko.simulator.server", *arguments]


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_by_hand_it_prints_its_url_and_serves_until_ctrl_c(get: Get) -> None:
    arguments = command("--now", "2024-04-12T13:30:05Z")
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base_url = process.stdout.readline().strip()
            _, body = get(base_url + range_path())
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            process.kill()
    assert body == synthetic.market_chart("bitcoin", "usd", NOW - 7 * DAY, NOW, NOW)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--now", "yesterday"], "is not an instant such as"),
        (["--now", "2024-04-12T13:30:05"], "is not an instant such as"),
        (["--port", "x"], "invalid int value"),
        (["--port", "99999"], "cannot listen on 127.0.0.1:99999"),
        (["--recordings", "/nowhere"], "cannot read the recordings in /nowhere"),
        (["--host", "0.0.0.0"], "unrecognized arguments"),
    ],
)
def test_a_mistake_by_hand_is_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    ended = subprocess.run(
        command(*arguments), env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(rf"replay: .*{re.escape(message)}.*\n", ended.stderr)


# --- faults, which other tests rely on


class Raw(NamedTuple):
    """What came over the wire until the server closed the connection."""

    content: bytes
    seconds: float


def fetch_raw(server: ReplayServer) -> Raw:
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as client:
        client.sendall(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        content = b"".join(iter(lambda: client.recv(4096), b""))
    return Raw(content, time.monotonic() - begin)


def faulty(fault: FaultAnswer, *, until: int = 1) -> FaultyServer:
    """Faulty for the first requests, then true."""
    return FaultyServer(synthetic, lambda _, n: fault if n <= until else None, NOW)


def test_a_fault_is_answered_as_given_and_then_the_truth(get: Get) -> None:
    limited = FaultAnswer(429, {"Retry-After": "119", "content-type": "text/plain"}, b'"error code: 1015"')
    with faulty(limited, until=2) as server:
        assert [get(f"{server.base_url}/ping")[0] for _ in range(3)] == [429, 429, 200]
        assert [urlsplit(each.path).path for each in server.requests] == ["/api/v3/ping"] * 3
    with faulty(limited) as server:
        head, _, body = fetch_raw(server).content.partition(b"\r\n\r\n")
    assert body == b'"error code: 1015"'
    assert b"Retry-After: 119" in head
    assert head.lower().count(b"content-type") == 1


def test_a_fault_hears_the_path_and_the_number_of_the_request(get: Get) -> None:
    heard: list[tuple[str, int]] = []
    with FaultyServer(synthetic, lambda path, n: heard.append((path, n)), NOW) as server:
        get(f"{server.base_url}/ping")
        get(f"{server.base_url}/ping?a=1")
    assert heard == [("/api/v3/ping", 1), ("/api/v3/ping?a=1", 2)]


def test_a_delay_comes_before_the_answer_and_a_drip_within_it() -> None:
    with faulty(FaultAnswer(body=b"{}", delay=0.3)) as server:
        assert fetch_raw(server).seconds >= 0.3
    with faulty(FaultAnswer(body=b"0123456789", drip=0.03)) as server:
        raw = fetch_raw(server)
    assert raw.content.endswith(b"\r\n\r\n0123456789")
    assert raw.seconds >= 0.3


def test_a_cut_body_is_shorter_than_it_promises() -> None:
    with faulty(FaultAnswer(body=b"0123456789", cut_at=4)) as server:
        connection = connect(server)
        connection.request("GET", "/api/v3/ping")
        with pytest.raises(http.client.IncompleteRead) as caught:
            connection.getresponse().read()
        connection.close()
    assert caught.value.partial == b"0123"


def test_a_reset_is_a_reset() -> None:
    with faulty(FaultAnswer(is_reset=True)) as server, pytest.raises(ConnectionResetError):
        fetch_raw(server)


@pytest.mark.parametrize("fault", [FaultAnswer(delay=FOR_EVER), FaultAnswer(body=b"0" * 100, drip=FOR_EVER)])
def test_a_hanging_or_dripping_answer_does_not_outlive_the_server(fault: FaultAnswer) -> None:
    before = set(threading.enumerate())
    with faulty(fault) as server:
        client = socket.create_connection(("127.0.0.1", server.server_port), timeout=10)
        client.sendall(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n")
        while not server.requests:
            time.sleep(0.01)
        answering = set(threading.enumerate()) - before
    client.close()
    assert len(answering) == 2  # the server's, and the connection's
    for thread in answering:
        thread.join(PATIENCE)
        assert not thread.is_alive()
