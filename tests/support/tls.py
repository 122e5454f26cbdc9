"""A replay server that speaks TLS, with a certificate that is good or bad in one way."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer

_DAY = timedelta(days=1)


class TlsServer(ReplayServer):
    """A replay server at https://127.0.0.1 with a certificate of its own; `certificate` is its file.

    Args:
        folder: where the files of the certificate are made.
        address: what the certificate is for.
        first_day, last_day: when it is valid, in days from now.
    """

    def __init__(self, folder: Path, address: str = "127.0.0.1", first_day: int = -1, last_day: int = 30) -> None:
        self.certificate = folder / "certificate.pem"
        key = _write(self.certificate, address, first_day * _DAY, last_day * _DAY)
        super().__init__(synthetic)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def base_url(self) -> str:
        """Its URL, by TLS."""
        return super().base_url.replace("http:", "https:")


def _write(path: Path, address: str, first: timedelta, last: timedelta) -> Path:
    """Write a certificate that signs itself; returns the file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(timezone.utc)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + first)
        .not_valid_after(now + last)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file = path.with_name("key.pem")
    no_password = serialization.NoEncryption()
    private = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, private, no_password))
    return key_file
