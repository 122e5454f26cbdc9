"""Whether CoinGecko answers: by an API and not by a log-in page, and in the given seconds whatever the network does.

What hangs would become a good answer in the end, so that whoever waits for it is found out.
"""

import contextlib
import socket
import threading

import pytest

from btc_pipeline.coingecko import ping
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.patience import FOR_EVER, PATIENCE

SHORT = 1.0
PAGE = b"<!DOCTYPE html><title>Log in to the hotel's network</title>"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Loopback is not to be asked for at somebody's proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def answers_with(fault, seconds=PATIENCE):
    """Whether CoinGecko answers, if this is its answer."""
    with FaultyServer(synthetic, lambda path, number: fault) as server:
        return ping.answers(server.base_url, seconds)


@contextlib.contextmanager
def raw_server(serve):
    """A server that does with its first connection what `serve` says; yields its base URL."""

    def accept():
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v3"
        thread.join(PATIENCE)


# --- CoinGecko answers


def test_an_api_that_answers_is_there():
    with ReplayServer(synthetic) as server:
        assert ping.answers(server.base_url, PATIENCE)


def test_it_asks_for_ping_and_for_nothing_else():
    with ReplayServer(synthetic, record_requests=True) as server:
        ping.answers(server.base_url, PATIENCE)
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/api/v3/ping")]


@pytest.mark.parametrize(
    "body", [b'{"error":"no"}', b"error code: 1015", PAGE, b""], ids=["json", "text", "page", "empty"]
)
def test_a_429_is_an_answer_whatever_it_says(body):
    assert answers_with(FaultAnswer(429, body=body))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_a_refusal_in_json_is_an_answer(status):
    assert answers_with(FaultAnswer(status, body=b'{"status":{"error_code":10002}}'))


def test_a_late_answer_that_is_in_time_is_an_answer():
    assert answers_with(FaultAnswer(body=b"{}", delay=0.2))


# --- CoinGecko does not answer


@pytest.mark.parametrize("body", [PAGE, b"", b"[]", b"1", b"null", b"ok", b"\xff\xfe", b"[" * 9_999],
                         ids=["page", "empty", "array", "number", "null", "text", "no text", "nested"])  # fmt: skip
@pytest.mark.parametrize("status", [200, 403, 503])
def test_what_is_no_json_object_is_no_answer_of_coingecko_s(status, body):
    assert not answers_with(FaultAnswer(status, body=body))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_no_answer_and_is_not_followed(status):
    with ReplayServer(synthetic, record_requests=True) as elsewhere:
        location = {"Location": f"{elsewhere.base_url}/ping"}
        assert not answers_with(FaultAnswer(status, headers=location, body=PAGE))
    assert elsewhere.requests == []


def test_a_port_where_nobody_listens_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not ping.answers(f"http://127.0.0.1:{port}/api/v3", PATIENCE)


def test_a_host_that_is_not_there_is_no_answer():
    assert not ping.answers("http://no-such-host.invalid/api/v3", SHORT)


def test_a_look_up_of_the_host_that_hangs_is_given_up_in_time(monkeypatch):
    found, look_up = threading.Event(), socket.getaddrinfo

    def hang(*arguments, **options):
        found.wait()
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with ReplayServer(synthetic) as server:
        assert not ping.answers(server.base_url, SHORT)
        found.set()


def test_a_server_that_hangs_is_given_up_in_time():
    assert not answers_with(FaultAnswer(body=b"{}", delay=FOR_EVER), SHORT)


@pytest.mark.parametrize("status", [200, 503])
def test_a_server_that_drips_is_given_up_in_time(status):
    assert not answers_with(FaultAnswer(status, body=b"{" + b" " * 100_000 + b"}", drip=0.1), SHORT)


def test_a_server_that_resets_is_no_answer():
    assert not answers_with(FaultAnswer(is_reset=True))


@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_that_is_cut_is_none(status):
    assert not answers_with(FaultAnswer(status, body=b'{"gecko_says": "(V3) To the Moon!"}', cut_at=12))


@pytest.mark.parametrize("said", [
    b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 OK\r\n\r\n{}", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n{}",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n{}", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\x15\x03\x01\x00\x02\x02\x28" * 10,
], ids=["closes", "ssh", "no status", "headers", "long header", "no length", "bad chunk", "tls"])  # fmt: skip
def test_a_server_of_another_protocol_is_no_answer(said):
    with raw_server(lambda connection: connection.sendall(said)) as base_url:
        assert not ping.answers(base_url, PATIENCE)


def test_of_an_endless_answer_only_the_beginning_is_read():
    sent: list[str] = []

    def flood(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while len(sent) < 1000:
                connection.sendall(b" " * 1_000_000)
                sent.append("a megabyte")

    with raw_server(flood) as base_url:
        assert not ping.answers(base_url, PATIENCE)
    assert len(sent) < 100  # what the buffers of the network take
