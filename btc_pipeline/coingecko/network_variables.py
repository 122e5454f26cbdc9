"""The variables of the environment that say how CoinGecko is reached: proxies, and certificates to trust.

A bad value is refused by its name before anything is sent; the libraries would fail within, or blame CoinGecko. Over
plain HTTP no proxy is used at all: it would read the key. Reads the environment; sends nothing.
"""

from __future__ import annotations

import os
import ssl
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from btc_pipeline.errors import ConfigurationError

_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which they count; the first that is set does."""

_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""In the order in which they count. The connector's library knows no others."""

NO_PROXY = {"NO_PROXY": "*", "no_proxy": "*"}
"""What makes the libraries use no proxy."""


def is_plain(base_url: str) -> bool:
    """Whether an API is reached over plain HTTP, where a proxy would read the key."""
    return urlsplit(base_url).scheme == "http"


def proxy_variable(environment: Mapping[str, str] = os.environ) -> str:
    """The variable that names the proxy for HTTPS; empty if none does."""
    return _first(_PROXIES, environment)


def how_to_trust(environment: Mapping[str, str] = os.environ) -> str:
    """What to do if a certificate is to be trusted, e.g. that of a company's proxy."""
    if named := _first(_CERTIFICATES, environment):
        return f"add the certificate that signs it to the file or folder that {named} names"
    others = _first(("SSL_CERT_FILE", "SSL_CERT_DIR"), environment)
    no_others = f"; {others} does not count" if others else ""
    return f"name a file with the certificate that signs it in {_CERTIFICATES[0]}{no_others}"


def trusted() -> ssl.SSLContext:
    """The certificates that the connector trusts: those of a variable, else those that its library brings."""
    import certifi

    named = _first(_CERTIFICATES, os.environ)
    return _context(Path(os.environ[named] if named else certifi.where()))


def _context(place: Path) -> ssl.SSLContext:
    """What trusts the certificates of a file or a folder."""
    if place.is_dir():
        return ssl.create_default_context(capath=str(place))
    return ssl.create_default_context(cafile=str(place))


def check(base_url: str, environment: Mapping[str, str] = os.environ) -> None:
    """Check the variables that count for this API; by default those of this process.

    Raises:
        ConfigurationError: names the variable, and what is wrong with its value; shows no password.
    """
    for name, fault, fix in _faults(base_url, environment):
        raise ConfigurationError(f"bad variable {name}: {fault}", fix)


def used(base_url: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The names of the variables that count for this API: of its proxy, then of the certificates to trust."""
    if is_plain(base_url):
        return []
    host = urlsplit(base_url).hostname or ""
    excepted = {"no": environment.get("no_proxy") or environment.get("NO_PROXY", "")}
    is_direct = urllib.request.proxy_bypass_environment(host, excepted)  # type: ignore[attr-defined]
    names = [_first(() if is_direct else _PROXIES, environment), _first(_CERTIFICATES, environment)]
    return [name for name in names if name]


def _faults(base_url: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in used(base_url, environment):
        if name in _PROXIES and (fault := _fault_of_proxy(environment[name])):
            yield name, fault, f"write it as http://host:port, or unset {name}"
        if name in _CERTIFICATES and (fault := _fault_of_certificates(Path(environment[name]))):
            yield name, fault, f"name a file or a folder of certificates in PEM form, or unset {name}"


def _first(names: Sequence[str], environment: Mapping[str, str]) -> str:
    """The first of these variables that is set; empty if none is."""
    return next((name for name in names if environment.get(name)), "")


def _fault_of_proxy(value: str) -> str:
    """What is wrong with the address of a proxy; empty if nothing is. Does not show a user and a password."""
    shown = repr(value.rpartition("@")[2][:80])
    if any(letter.isspace() or not letter.isprintable() for letter in value):
        return f"{shown} has a space or a control character in it"
    try:
        parts = urlsplit(value if "://" in value or ":/" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"{shown} has a port that is no number, or a host that is none"
    if parts.scheme.startswith("socks"):
        return f"{shown} is a SOCKS proxy, which is not supported"
    if parts.scheme not in ("http", "https"):
        return f"{shown} is no HTTP proxy"
    if not host:
        return f"{shown} names no host"
    return f"{shown} has the port 0" if port == 0 else ""


def _fault_of_certificates(path: Path) -> str:
    """What is wrong with a file or a folder of certificates; empty if nothing is."""
    try:
        if not path.is_dir() and not path.is_file():
            return f"there is no file or folder {path}"
        _context(path)
    except ssl.SSLError:
        return f"{path} holds no certificates"
    except (OSError, ValueError) as error:
        return f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
    return ""
