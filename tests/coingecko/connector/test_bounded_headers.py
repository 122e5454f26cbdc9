"""Headers of an answer that do not end are given up, on each kind of connection; others are read as ever."""

import socket
import threading

import pytest
import requests
from urllib3.connection import HTTPSConnection

from btc_pipeline.coingecko.connector import bounded_headers

HOUR = 3600


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(bounded_headers, "SECONDS", 0.2)
    with requests.Session() as session:
        bounded_headers.mount(session)
        yield session


@pytest.fixture
def serving():
    """A function that gives the URL of a server which sends these parts to whoever comes, with so long between them."""
    over, threads = threading.Event(), []

    def serve(parts, pause, *, then_close):
        server = socket.create_server(("127.0.0.1", 0))

        def answer():
            with server, server.accept()[0] as connection:
                connection.recv(1 << 16)
                try:
                    for part in parts:
                        connection.sendall(part)
                        over.wait(pause)
                except OSError:  # the client has left
                    return
                if not then_close:
                    over.wait(60)

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return "http://{}:{}/".format(*server.getsockname())

    yield serve
    over.set()
    for thread in threads:
        thread.join()


BEGIN = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "a byte now and then": ([BEGIN, *[b"x"] * HOUR], 0.02),
    "a header now and then": ([BEGIN, *[b"X: y\r\n"] * HOUR], 0.02),
    "please continue, without end": ([b"HTTP/1.1 100 Continue\r\n\r\n"] * HOUR, 0.02),
    "a status line that does not end": ([b"H", *[b"T"] * HOUR], 0.02),
}


@pytest.mark.parametrize(("parts", "pause"), SLOW.values(), ids=SLOW)
def test_headers_that_do_not_end_are_given_up(parts, pause, serving, session):
    with pytest.raises(bounded_headers.SlowHeadersError, match=r"headers take more than 0\.2 s") as given_up:
        session.get(serving(parts, pause, then_close=False), timeout=60)
    assert given_up.value.request is not None


def test_an_answer_is_read_as_ever(serving, session):
    url = serving([BEGIN, b"Content-Length: 4\r\n\r\n", b"good"], 0.0, then_close=True)
    assert session.get(url, timeout=60).text == "good"


def test_a_body_may_take_longer_than_its_headers(serving, session):
    url = serving([BEGIN + b"Content-Length: 20\r\n\r\n", *[b"x"] * 20], 0.02, then_close=True)
    assert session.get(url, timeout=60).text == "x" * 20


def test_a_connection_that_is_closed_is_no_slow_one(serving, session):
    with pytest.raises(requests.ConnectionError):
        session.get(serving([b""], 0.0, then_close=True), timeout=60)


def test_connections_with_tls_and_those_of_a_proxy_are_watched_too():
    adapter = bounded_headers.Adapter()
    managers = [adapter.poolmanager, adapter.proxy_manager_for("http://127.0.0.1:3128")]
    for manager in managers:
        watched = manager.connection_from_url("https://example.org/").ConnectionCls
        assert issubclass(watched, HTTPSConnection)
        assert watched.getresponse is bounded_headers._Watched.getresponse
