"""Variables of the network: a bad one is refused by its name, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from btc_pipeline.coingecko import network_variables
from btc_pipeline.errors import ConfigurationError

API = "https://api.coingecko.com/api/v3"
LOOPBACK = "http://127.0.0.2:8080/api/v3"

BAD_PROXIES = {
    "socks5://proxy:1080": "SOCKS",
    "socks5h://proxy:1080": "SOCKS",
    "http:/proxy:3128": "names no host",
    "http://:3128": "names no host",
    "http://proxy:port": "a port that is no number",
    "http://proxy:99999": "a port that is no number",
    "http://proxy:0": "the port 0",
    "proxy:port": "a port that is no number",
    "ftp://proxy:21": "no HTTP proxy",
    "http://pro xy:3128": "a space",
    "http://proxy:3128\n": "a space",
    "http://[::1:3128": "a host that is none",
}
GOOD_PROXIES = (
    "http://proxy.example:3128",
    "https://proxy.example",
    "proxy.example:3128",
    "http://user:p%40ss@10.0.0.1:3128/",
    "http://[::1]:3128",
)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(("value", "fault"), BAD_PROXIES.items(), ids=BAD_PROXIES)
def test_a_bad_proxy_is_refused_by_its_name(name: str, value: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^bad variable {name}: .*{fault}") as refused:
        network_variables.check(API, {name: value})
    assert refused.value.exit_code == 2
    assert name in str(refused.value.fix)


@pytest.mark.parametrize("value", [*GOOD_PROXIES, ""])
def test_a_good_proxy_is_taken(value: str) -> None:
    network_variables.check(API, {"HTTPS_PROXY": value, "ALL_PROXY": ""})


def test_the_proxy_that_counts_is_looked_at() -> None:
    network_variables.check(API, {"https_proxy": "http://proxy:3128", "ALL_PROXY": "socks5://proxy:1080"})
    with pytest.raises(ConfigurationError, match="ALL_PROXY"):
        network_variables.check(API, {"ALL_PROXY": "socks5://proxy:1080", "HTTP_PROXY": "http://proxy:3128"})


@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("value", ["*", "coingecko.com", "localhost,.coingecko.com", "api.coingecko.com"])
def test_a_proxy_that_is_not_used_is_not_looked_at(variable: str, value: str) -> None:
    network_variables.check(API, {"HTTPS_PROXY": "http:/proxy", variable: value})


def test_over_plain_http_no_proxy_and_no_certificate_counts() -> None:
    network_variables.check(LOOPBACK, {"HTTPS_PROXY": "http:/proxy", "REQUESTS_CA_BUNDLE": "/nowhere"})


@pytest.mark.parametrize("value", ["http://user:secret@proxy:port", "socks5://user:secret@proxy", "ftp://secret@proxy"])
def test_a_password_is_not_shown(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        network_variables.check(API, {"HTTPS_PROXY": value})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_cannot_be_used_are_refused_by_their_name(name: str, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.pem", tmp_path / "text.pem"
    empty.touch()
    text.write_text("no certificate\n")
    for path, fault in ((tmp_path / "none.pem", "there is no file"), (empty, "holds no"), (text, "holds no")):
        with pytest.raises(ConfigurationError, match=f"^bad variable {name}: .*{fault}"):
            network_variables.check(API, {name: str(path)})


def test_certificates_that_can_be_used_are_taken(tmp_path: Path) -> None:
    network_variables.check(API, {"REQUESTS_CA_BUNDLE": certifi.where()})
    network_variables.check(API, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": str(tmp_path)})


def test_the_certificates_that_count_are_looked_at_and_no_others() -> None:
    network_variables.check(API, {"REQUESTS_CA_BUNDLE": certifi.where(), "CURL_CA_BUNDLE": "/nowhere"})
    network_variables.check(API, {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere:/elsewhere"})


def test_the_probe_trusts_what_the_connector_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert len(network_variables.trusted().get_ca_certs()) > 100
    first = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    (tmp_path / "one.pem").write_text("".join(first[:2]))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "one.pem"))
    assert len(network_variables.trusted().get_ca_certs()) == 1
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert network_variables.trusted().get_ca_certs() == []
