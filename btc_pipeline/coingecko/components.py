"""What the connector's manifest cannot say in YAML: the key's header, bounded answers, errors, the extractor.

Imported by the Airbyte CDK, in the connector process only; nothing else of the project may import it.
The key and the last refusals live in this module's memory, because PyAirbyte writes a connector's configuration
to a file, and its errors tell nothing of the answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)

from btc_pipeline.coingecko import answers

MAX_ANSWER_BYTES = 8 * 1024 * 1024  # a year of one coin is below 1 MB; DuckDB reads JSON objects up to 32 MB
MAX_ANSWER_SECONDS = 120.0
_FINAL_STATUSES = frozenset({400, 401, 403, 404, 405, 410, 414, 422, 451})
_OHLC_SECONDS = 20.0
_ASK_NO_MORE = ("no answer", "HTTP 429")
_LONGEST_BACKOFF_SECONDS = 30.0

key_header: dict[str, str] = {}
"""The plan's header and key; set by the connector before the read."""

failures: dict[str, str] = {}
"""Request path -> why its last try failed; an answered request has no entry."""

opinion_failures: dict[str, str] = {}
"""Coin -> why CoinGecko has given no candles of its own, which are asked for once."""


class RefusedAnswerError(requests.RequestException):
    """An answer that is not read any further: a redirect, or one too large or too slow."""


@dataclass
class CoinGeckoAuthenticator(DeclarativeAuthenticator):
    """Adds the key's header, and bounds the answer before `requests` follows or reads it."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Nothing to prepare."""

    @property
    def auth_header(self) -> str:
        """Not used: `get_auth_header` gives the whole header."""
        return ""

    @property
    def token(self) -> str:
        """Not used, as above."""
        return ""

    def get_auth_header(self) -> Mapping[str, Any]:
        """The key's header; none for keyless."""
        return dict(key_header)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Called for each request that is sent; of second opinions none after one that had no answer, or a 429."""
        if _is_opinion(request) and any(each.startswith(_ASK_NO_MORE) for each in opinion_failures.values()):
            opinion_failures.setdefault(_coin(request), "not asked, after one without an answer")
            raise RefusedAnswerError("not asked", request=request)
        request.headers.update(key_header)
        request.hooks["response"] = [_bounded]
        return request


@dataclass
class CoinGeckoErrorHandler(ErrorHandler):
    """Fails at once on what will not change, tries again what may; keeps CoinGecko's own words."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Nothing to prepare."""

    @property
    def max_retries(self) -> int:
        """Further tries after the first."""
        return int(self.config["max_retries"])

    @property
    def max_time(self) -> None:
        """The parent bounds the whole extraction."""
        return None

    @property
    def backoff_strategies(self) -> list[CoinGeckoErrorHandler]:
        """The CDK asks these how long to wait."""
        return [self]

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """Success, failure or another try."""
        if not isinstance(response, requests.Response):
            return self._no_answer(response)
        path = urlsplit(response.url).path
        if response.status_code == 200 and answers.market_chart(response.content) is not None:
            failures.pop(path, None)
            return SUCCESS_RESOLUTION
        reason = f"HTTP {response.status_code}, {answers.refusal(response.content)}"
        if response.status_code == 200 or response.status_code in _FINAL_STATUSES:
            return _failed(path, reason)
        wait = _retry_after(response)
        if wait is not None and wait > self.config["max_wait_seconds"]:
            limit = self.config["max_wait_seconds"]
            return _failed(path, f"{reason}; it asks to wait {wait:.0f} s, more than max_wait_seconds = {limit:g}")
        failures[path] = reason
        return ErrorResolution(ResponseAction.RETRY, FailureType.transient_error, reason)

    def backoff_time(self, response_or_exception: requests.Response | Exception | None, attempt_count: int) -> float:
        """Retry-After where there is one, else 0.5 s doubled for each try. The CDK adds one second."""
        if isinstance(response_or_exception, requests.Response):
            wait = _retry_after(response_or_exception)
            if wait:
                return wait
        return min(_LONGEST_BACKOFF_SECONDS, 0.5 * 2.0 ** max(0, attempt_count - 1))

    def _no_answer(self, error: Exception | None) -> ErrorResolution:
        path = _path(getattr(error, "request", None))
        if isinstance(error, RefusedAnswerError):
            return _failed(path, str(error))
        failures[path] = f"no answer: {type(error).__name__}"
        return ErrorResolution(ResponseAction.RETRY, FailureType.transient_error, failures[path])


@dataclass
class OpinionErrorHandler(ErrorHandler):
    """Notes why CoinGecko's own candles are not to be had, and goes on without them."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Nothing to prepare."""

    @property
    def max_retries(self) -> int:
        """None: the next run asks for the same days again."""
        return 0

    @property
    def max_time(self) -> None:
        """The parent bounds the whole extraction."""
        return None

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """Success, or nothing."""
        if isinstance(response, requests.Response):
            if response.status_code == 200 and answers.ohlc(response.content) is not None:
                return SUCCESS_RESOLUTION
            reason = f"HTTP {response.status_code}, {answers.refusal(response.content)}"
            opinion_failures[_coin(response.request)] = reason
        else:
            is_refused = isinstance(response, RefusedAnswerError)
            reason = str(response) if is_refused else f"no answer: {type(response).__name__}"
            opinion_failures[_coin(getattr(response, "request", None))] = reason
        return ErrorResolution(ResponseAction.IGNORE, None, reason)


@dataclass
class AnswerExtractor(RecordExtractor):
    """One record for each answer: its arrays, and beside them the body word for word."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Nothing to prepare."""

    def extract_records(self, response: requests.Response) -> Iterable[Mapping[str, Any]]:
        """The record, without coin and currency, which the manifest adds."""
        chart = answers.market_chart(response.content)
        if chart is not None:
            arrays = {name: chart.get(name) for name in ("prices", "market_caps", "total_volumes")}
            yield arrays | {"answer": response.content.decode("utf-8")}


@dataclass
class OpinionExtractor(RecordExtractor):
    """One record for each answer of candles: the body word for word."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Nothing to prepare."""

    def extract_records(self, response: requests.Response) -> Iterable[Mapping[str, Any]]:
        """The record, without coin and currency, which the manifest adds."""
        if answers.ohlc(response.content) is not None:
            yield {"answer": response.content.decode("utf-8")}


def _path(request: Any) -> str:
    return urlsplit(getattr(request, "url", None) or "").path


def _coin(request: Any) -> str:
    return _path(request).removesuffix("/ohlc").rpartition("/")[2]


def _is_opinion(request: requests.PreparedRequest) -> bool:
    return _path(request).endswith("/ohlc")


def _failed(path: str, reason: str) -> ErrorResolution:
    failures[path] = reason
    return ErrorResolution(ResponseAction.FAIL, FailureType.config_error, reason)


def _retry_after(response: requests.Response) -> float | None:
    return answers.retry_after_seconds(response.headers.get("Retry-After"), datetime.now(timezone.utc))


def _bounded(response: requests.Response, **_: Any) -> None:
    """Refuse redirects (they would carry the key along) and read the body within bounds of size and time."""
    _hide_key(response.headers)
    if response.is_redirect:
        host = urlsplit(response.headers.get("location", "")).hostname or "itself"
        raise RefusedAnswerError(
            f"HTTP {response.status_code}, a redirect to {host}, which is never followed",
            request=response.request,
        )
    seconds = _OHLC_SECONDS if _is_opinion(response.request) else MAX_ANSWER_SECONDS
    give_up_at = time.monotonic() + seconds
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(1 << 16):
        size += len(chunk)
        chunks.append(chunk)
        if size > MAX_ANSWER_BYTES:
            raise RefusedAnswerError(f"an answer of more than {MAX_ANSWER_BYTES} bytes", request=response.request)
        if time.monotonic() > give_up_at:
            raise RefusedAnswerError(f"an answer that takes more than {seconds:g} s", request=response.request)
    response._content = _without_key(b"".join(chunks))


def _hide_key(headers: MutableMapping[str, str]) -> None:
    """An answer may repeat the key, and answers are logged and archived."""
    for name, value in list(headers.items()):
        headers[name] = _without_key(value.encode("utf-8", "replace")).decode("utf-8", "replace")


def _without_key(text: bytes) -> bytes:
    for key in key_header.values():
        text = re.sub(re.escape(key.encode()), b"***", text, flags=re.IGNORECASE)
    return text
