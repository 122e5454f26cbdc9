"""What the connector's manifest cannot say in YAML: the key's header, the budget, bounded answers, the extractor.

The Airbyte CDK imports it, in the connector process only; nothing else of the project may import it. The key and the
sync are variables of this module, because PyAirbyte writes a connector's configuration to a file, and its errors do not
hold the answer. `request_policy.py` decides what happens to an answer.

Annotations are not strings here (`from __future__ import annotations`): the CDK evaluates them, and on Python 3.10
cannot evaluate an InitVar.
"""

import contextlib
import re
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import InitVar, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.requesters.request_options.interpolated_request_options_provider import (
    InterpolatedRequestOptionsProvider,
)
from airbyte_cdk.sources.streams.call_rate import AbstractAPIBudget
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)

from btc_pipeline.coingecko import responses
from btc_pipeline.coingecko.connector import bounded_headers
from btc_pipeline.coingecko.connector.request_policy import Decision, NotSentError, Sync

MAX_ANSWER_BYTES = 8 * 1024 * 1024  # a quarter of hourly points is below 1 MB; DuckDB reads JSON objects up to 32 MB
MAX_ANSWER_SECONDS = 120.0
_EXTRA_SECONDS = 20.0
_LONGEST_HOST = 100

key_header: dict[str, str] = {}
"""The plan's header and key; set by the connector before the read."""

syncs: list[Sync] = []
"""The requests and their outcomes; set by the connector before the read."""


class UnreadAnswerError(requests.RequestException):
    """An answer that is not read to its end (a redirect, too large, too slow), or a request that is not sent.

    `stops`: the next request would end the same way.
    """

    def __init__(self, reason: str, request: requests.PreparedRequest, *, stops: bool = False) -> None:
        super().__init__(reason, request=request)
        self.stops = stops


class CallBudget(AbstractAPIBudget):
    """The CDK calls this right before it sends a request. Our own budget works here."""

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait for the budget; UnreadAnswerError: the request must not be sent."""
        try:
            _sync().before_sending(request.url)
        except NotSentError as error:
            raise UnreadAnswerError(str(error), request) from None

    def get_matching_policy(self, request: Any) -> None:
        """The CDK's own policies are not used."""

    def update_from_response(self, request: Any, response: Any) -> None:
        """Not used: the sync gets each answer from the error handler."""


@dataclass
class CoinGeckoRequester(HttpRequester):
    """The CDK's requester, with our budget and our connections."""

    request_parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Put the budget in its place, and the connections."""
        self.request_options_provider = InterpolatedRequestOptionsProvider(
            config=self.config, parameters=parameters, request_parameters=self.request_parameters
        )
        self.api_budget = CallBudget()  # type: ignore[assignment] # the CDK's hint names its own subclass
        super().__post_init__(parameters)
        bounded_headers.mount(self._http_client._session)


@dataclass
class CoinGeckoAuthenticator(DeclarativeAuthenticator):
    """Adds the key's header, and limits the answer before `requests` follows a redirect or reads the body."""

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
        """Called for each request that is prepared."""
        request.headers.update(key_header)
        request.hooks["response"] = [_bounded]
        return request


@dataclass
class CoinGeckoErrorHandler(ErrorHandler):
    """Does what the sync decides. No answer makes the stream fail: one failed coin does not stop the others."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """No verdict yet."""
        self._waits: dict[str, float] = {}

    @property
    def max_retries(self) -> int:
        """One more than the sync allows, so that the sync decides when a request ends."""
        return _sync().max_retries + 1

    @property
    def max_time(self) -> None:
        """No limit here: the parent process limits the extraction."""
        return None

    @property
    def backoff_strategies(self) -> "list[CoinGeckoErrorHandler]":
        """The CDK gets the length of a wait from these."""
        return [self]

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """Success, no record, or another try."""
        verdict = self._verdict(response)
        if verdict.kind == "accepted":
            return SUCCESS_RESOLUTION
        if verdict.kind == "given_up":
            return ErrorResolution(ResponseAction.IGNORE, None, verdict.reason)
        self._waits[_url(response)] = verdict.wait_seconds
        return ErrorResolution(ResponseAction.RETRY, FailureType.transient_error, verdict.reason)

    def backoff_time(self, response_or_exception: requests.Response | Exception | None, attempt_count: int) -> float:
        """How long to wait before another try, in seconds. The CDK adds one second."""
        return self._waits[_url(response_or_exception)]

    @staticmethod
    def _verdict(response: requests.Response | Exception | None) -> Decision:
        url = _url(response)
        if isinstance(response, requests.Response):
            return _sync().judge(url, response.status_code, response.content, response.headers.get("Retry-After"))
        if isinstance(response, UnreadAnswerError):
            return _sync().not_read(url, str(response), stops=response.stops)
        if isinstance(response, bounded_headers.SlowHeadersError):
            return _sync().not_read(url, str(response), stops=True)
        return _sync().without_answer(url, type(response).__name__)


@dataclass
class AnswerExtractor(RecordExtractor):
    """One record for each accepted answer: its arrays, if it has any, and the body, unchanged."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        """Nothing to prepare."""

    def extract_records(self, response: requests.Response) -> Iterable[Mapping[str, Any]]:
        """The record without the request, which the manifest adds."""
        if _sync().id_of(_url(response)) in _sync().failed:
            return
        chart = responses.market_chart(response.content)
        arrays = {name: chart.get(name) for name in ("prices", "market_caps", "total_volumes")} if chart else {}
        yield arrays | {"answer": response.content.decode("utf-8")}


def _sync() -> Sync:
    return syncs[-1]


def _url(sent: Any) -> str:
    """The URL of the request that a response or an error belongs to."""
    return str(sent.request.url)


def _bounded(response: requests.Response, **_: Any) -> None:
    """Follow no redirect (it would carry the key along), and read the body within limits of size and time."""
    _hide_key(response.headers)
    request = response.request
    if response.is_redirect:
        reason = f"HTTP {response.status_code}, a redirect to {_host(response)}, which is never followed"
        raise UnreadAnswerError(reason, request, stops=True)
    seconds = MAX_ANSWER_SECONDS if _sync().id_of(_url(response)).is_price else _EXTRA_SECONDS
    is_overdue = threading.Event()
    watch = threading.Timer(seconds, _cut_off, (response, is_overdue))
    watch.daemon = True
    watch.start()
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(1 << 16):
            size += len(chunk)
            chunks.append(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UnreadAnswerError(f"an answer of more than {MAX_ANSWER_BYTES} bytes", request)
    except requests.RequestException as error:
        error.request = request  # requests does not say which answer broke off
        if not is_overdue.is_set():
            raise
    finally:
        watch.cancel()
    if is_overdue.is_set():
        raise UnreadAnswerError(f"an answer that takes more than {seconds:g} s", request, stops=True)
    response._content = _without_key(b"".join(chunks))


def _host(response: requests.Response) -> str:
    """The host that a redirect leads to, as text that is safe to show."""
    try:
        host = urlsplit(response.headers.get("location", "")).hostname or "itself"
    except ValueError:
        return "nowhere"
    return responses.one_line(host, _LONGEST_HOST)


def _cut_off(response: requests.Response, is_overdue: threading.Event) -> None:
    """End a body that comes too slowly: the reader waits for a whole chunk, and no time-out occurs."""
    is_overdue.set()
    with contextlib.suppress(OSError, ValueError):  # it has just ended
        response.raw.shutdown()


def _hide_key(headers: MutableMapping[str, str]) -> None:
    """An answer may repeat the key, and answers are logged and archived."""
    for name, value in list(headers.items()):
        headers[name] = _without_key(value.encode("utf-8", "replace")).decode("utf-8", "replace")


def _without_key(text: bytes) -> bytes:
    for key in key_header.values():
        text = re.sub(re.escape(key.encode()), b"***", text, flags=re.IGNORECASE)
    return text
