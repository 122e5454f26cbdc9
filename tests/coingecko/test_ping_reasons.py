"""Why CoinGecko does not answer: in words that say what to do, over real connections, and without a secret."""

import contextlib
import http.server
import socket
import threading

import pytest

from btc_pipeline.coingecko import ping
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.tls import TlsServer

SECONDS = 5.0
VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """What the machine says of networks does not count."""
    for name in (*VARIABLES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def reason(base_url, seconds=SECONDS):
    """Why it does not answer, with what to do."""
    outcome = ping.reach(base_url, seconds)
    assert isinstance(outcome, ping.NotReached)
    return f"{outcome.reason}. Next: {outcome.fix}"


# --- Certificates


def test_a_certificate_that_a_variable_names_is_trusted(tmp_path, monkeypatch):
    with TlsServer(tmp_path) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        assert isinstance(ping.reach(server.base_url, SECONDS), ping.Reached)


def test_a_certificate_that_nobody_knows_says_how_to_trust_it(tmp_path):
    with TlsServer(tmp_path) as server:
        said = reason(server.base_url)
    assert said == (
        "its certificate is not trusted: self-signed certificate."
        " Next: name a file with the certificate that signs it in REQUESTS_CA_BUNDLE"
    )


def test_a_variable_that_does_not_count_is_named(tmp_path, monkeypatch):
    with TlsServer(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        assert reason(server.base_url).endswith("in REQUESTS_CA_BUNDLE; SSL_CERT_FILE does not count")


def test_a_file_of_certificates_that_lacks_it_is_named(tmp_path, monkeypatch):
    for folder in ("one", "another"):
        (tmp_path / folder).mkdir()
    with TlsServer(tmp_path / "one") as server, TlsServer(tmp_path / "another") as another:
        monkeypatch.setenv("CURL_CA_BUNDLE", str(another.certificate))
        assert "add the certificate that signs it to the file or folder that CURL_CA_BUNDLE names" in reason(
            server.base_url
        )


OF_ANOTHER = {
    "expired": ({"first_day": -9, "last_day": -1}, "certificate has expired", "set the clock"),
    "not yet valid": ({"first_day": 1}, "certificate is not yet valid", "set the clock"),
    "another address": ({"address": "10.0.0.1"}, "IP address mismatch", "correct [coingecko] base_url"),
}


@pytest.mark.parametrize(("what", "said", "fix"), OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_a_certificate_of_another_time_or_host_says_so(what, said, fix, tmp_path, monkeypatch):
    with TlsServer(tmp_path, **what) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        told = reason(server.base_url)
    assert (f"not trusted: {said}" in told, f"Next: {fix}" in told) == (True, True)


# --- Connections


def test_a_server_without_tls_says_so():
    with ReplayServer(synthetic) as server:
        assert reason(server.base_url.replace("http:", "https:")).startswith("no TLS is possible with it: ")


def test_a_port_where_nobody_listens_says_so():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert reason(f"http://127.0.0.1:{port}").startswith("no connection: Connection refused")


def test_a_host_that_is_not_known_says_so():
    assert reason("http://no-such-host.invalid").startswith("the name of its host is not known")


def test_silence_says_for_how_long():
    with FaultyServer(synthetic, lambda path, number: FaultAnswer(body=b"{}", delay=20)) as server:
        assert reason(server.base_url, 0.3).startswith("no answer in 0.3 s")


@pytest.mark.parametrize("status", [200, 302, 403])
def test_a_page_says_that_it_is_no_api(status):
    page = FaultAnswer(status, body=b"<title>Log in</title>", headers={"Location": "http://127.0.0.1:9/"})
    with FaultyServer(synthetic, lambda path, number: page) as server:
        assert reason(server.base_url).startswith("what answers is no API. Next: log in to the network")


class RefusingProxy(http.server.BaseHTTPRequestHandler):
    """Wants another password."""

    def do_CONNECT(self):
        self.send_error(407)

    def log_message(self, *_):
        pass


def test_a_proxy_that_refuses_is_named_by_its_variable_and_shows_no_password(monkeypatch):
    proxy = http.server.HTTPServer(("127.0.0.1", 0), RefusingProxy)
    with contextlib.closing(proxy.socket):
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{proxy.server_port}")
        said = reason("https://api.example/api/v3")
        proxy.shutdown()
    assert said == (
        "the proxy refuses: 407 Proxy Authentication Required. Next: correct https_proxy, and its user and password"
    )
