"""Proxies: over plain HTTP none is used, whatever the environment says, and a bad one ends a run in one line."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.command_line import NOW, Pipeline
from tests.e2e.live_api import SHORT_WAITS

pytestmark = pytest.mark.long

KEY = "CG-CanaryKey0123456789"


@contextlib.contextmanager
def _proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that notes what it gets, and answers nothing."""
    heard: list[bytes] = []

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    heard.append(connection.recv(1 << 16))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)


def _live(folder: Path, base_url: str, **environment: str) -> Pipeline:
    options = ("--pipeline-source", "live", "--coingecko-base-url", base_url, *SHORT_WAITS)
    return replace(Pipeline(folder / "data", options, now=NOW), env=environment)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_key_never_goes_to_a_proxy_over_plain_http(name: str, tmp_path: Path) -> None:
    with _proxy() as (address, heard):
        pipeline = _live(tmp_path, "http://127.0.0.2:9/api/v3", COINGECKO_API_KEY=KEY, **{name: address})
        result = pipeline.run("ExtractAndLoad", "--coingecko-plan=demo")
    assert result.exit_code == 20
    assert heard == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS_PROXY", "socks5://proxy:1080"), ("https_proxy", "http:/proxy:3128"), ("REQUESTS_CA_BUNDLE", "/nowhere")],
)
def test_a_bad_variable_ends_the_run_in_one_line_before_anything_is_sent(name: str, value: str, tmp_path: Path) -> None:
    result = _live(tmp_path, "https://api.coingecko.com/api/v3", **{name: value}).run("ExtractAndLoad")
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if "ERROR" in line]
    assert len(lines) == 1
    assert f"bad variable {name}: " in lines[0]
    assert "Traceback" not in result.stderr
