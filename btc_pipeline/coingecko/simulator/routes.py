"""CoinGecko's routes: from a path and query to the status and the body of the answer.

Knows no socket and no data: the data comes from `Answers`. Of the project it imports only the shapes of `synthetic.py`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs

from btc_pipeline.coingecko.simulator import synthetic

INCORRECT_PATH = {"error": "Incorrect path. Please check https://www.coingecko.com/api/"}

_RANGE = re.compile(r"/api/v3/coins/([^/]+)/market_chart/range")
_DAYS = re.compile(r"/api/v3/coins/([^/]+)/market_chart")
_OHLC = re.compile(r"/api/v3/coins/([^/]+)/ohlc")
_EXCEEDS_TIME_RANGE = (
    "Your request exceeds the allowed time range. Public API users are limited to querying historical data"
    " within the past 365 days. Upgrade to a paid plan to enjoy full historical data access:"
    " https://www.coingecko.com/en/api/pricing. "
)
_BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""The first instant of `days=max`."""


class Answers(Protocol):
    """Where the data comes from: the module `synthetic`, a `Recordings`, or a test's own."""

    def coins_list(self) -> list[dict[str, str]]:
        """`id`, `symbol` and `name` of each coin that is served."""

    def supported_vs_currencies(self) -> list[str]:
        """The currencies that are served."""

    def knows_coin(self, coin_id: str, /) -> bool:
        """Whether the coin is served."""

    def knows_currency(self, coin_id: str, vs_currency: str, /) -> bool:
        """Whether the coin is served in the currency."""

    def earliest_start(self, now: datetime, /) -> datetime | None:
        """The oldest `from` that may be requested; None: no limit."""

    def market_chart(
        self, coin_id: str, vs_currency: str, start: datetime, end: datetime, now: datetime, /
    ) -> synthetic.MarketChart:
        """The points of [start, end] as of `now`."""

    def ohlc(self, coin_id: str, vs_currency: str, days: int, now: datetime, /) -> synthetic.Ohlc:
        """CoinGecko's own candles of four hours of the last `days` days as of `now`."""


def respond(answers: Answers, target: str, now: datetime) -> tuple[HTTPStatus, object]:
    """Status and JSON body for a GET of the target (path and query), in CoinGecko's shapes."""
    path, _, query = target.partition("?")
    if path == "/api/v3/ping":
        return HTTPStatus.OK, {"gecko_says": "(V3) To the Moon!"}
    if path == "/api/v3/coins/list":
        return HTTPStatus.OK, answers.coins_list()
    if path == "/api/v3/simple/supported_vs_currencies":
        return HTTPStatus.OK, answers.supported_vs_currencies()
    for pattern, respond_to in ((_RANGE, _respond_range), (_DAYS, _respond_days), (_OHLC, _respond_ohlc)):
        if coin := pattern.fullmatch(path):
            parameters = {name: values[-1] for name, values in parse_qs(query).items()}
            if not answers.knows_coin(coin[1]):
                return HTTPStatus.NOT_FOUND, {"error": "coin not found"}
            if not answers.knows_currency(coin[1], parameters.get("vs_currency", "")):
                return HTTPStatus.BAD_REQUEST, {"error": "invalid vs_currency"}
            return respond_to(answers, coin[1], parameters, now)
    return HTTPStatus.NOT_FOUND, INCORRECT_PATH


def _respond_ohlc(
    answers: Answers, coin_id: str, parameters: dict[str, str], now: datetime
) -> tuple[HTTPStatus, object]:
    """Only for the numbers of days for which CoinGecko has candles of four hours."""
    if "days" not in parameters:
        return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "Missing parameter days"}
    if parameters["days"] not in map(str, synthetic.OHLC_DAYS):
        return HTTPStatus.BAD_REQUEST, {"error": "Invalid days parameter"}
    return HTTPStatus.OK, answers.ohlc(coin_id, parameters["vs_currency"], int(parameters["days"]), now)


def _respond_range(
    answers: Answers, coin_id: str, parameters: dict[str, str], now: datetime
) -> tuple[HTTPStatus, object]:
    for name in ("from", "to"):
        if name not in parameters:
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": f"Missing parameter {name}"}
        if not re.fullmatch(r"[0-9]{1,11}", parameters[name]):
            return HTTPStatus.BAD_REQUEST, {"error": f"invalid {name}"}
    start, end = (datetime.fromtimestamp(int(parameters[name]), timezone.utc) for name in ("from", "to"))
    if start > end:
        return HTTPStatus.BAD_REQUEST, {"error": "invalid date range"}
    return _market_chart(answers, coin_id, parameters["vs_currency"], (start, end), now)


def _respond_days(
    answers: Answers, coin_id: str, parameters: dict[str, str], now: datetime
) -> tuple[HTTPStatus, object]:
    """A whole number of days, or `max`: the range from then to now."""
    days, all_days = parameters.get("days"), (now - _BEGINNING).days
    if days is None:
        return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "Missing parameter days"}
    if not re.fullmatch(r"max|[1-9][0-9]{0,8}", days):
        return HTTPStatus.BAD_REQUEST, {"error": "Invalid days parameter"}
    start = now - timedelta(days=all_days if days == "max" else min(int(days), all_days))
    return _market_chart(answers, coin_id, parameters["vs_currency"], (start, now), now)


def _market_chart(
    answers: Answers, coin_id: str, vs_currency: str, window: tuple[datetime, datetime], now: datetime
) -> tuple[HTTPStatus, object]:
    """All of the window; nothing if a part of it is too old."""
    start, end = window
    earliest = answers.earliest_start(now)
    if earliest is not None and start < earliest:
        facts = {"error_code": 10012, "error_message": _EXCEEDS_TIME_RANGE}
        timestamp = now.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        return HTTPStatus.UNAUTHORIZED, {"error": {"status": {"timestamp": timestamp, **facts}}}
    return HTTPStatus.OK, answers.market_chart(coin_id, vs_currency, start, end, now)
