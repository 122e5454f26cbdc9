"""What the tests of the replay server and its routes share: a client that sees errors too."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def get() -> Callable[[str], tuple[int, Any]]:
    """GET a URL: the status and the JSON body, of errors too; past any proxy of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(url: str) -> tuple[int, Any]:
        try:
            with opener.open(url, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return get
