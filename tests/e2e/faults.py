"""What the API may do wrong, and what a run has to make of it: the table behind `test_api.py` and docs/faults.md.

Refusals have the words of recorded answers where these are at hand, and else our own in the same shapes. Runs nothing.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from typing import Any

from tests.e2e.command_line import ROOT
from tests.e2e.live_api import always, good_chart, once, spoilt
from tests.support.faulty_server import FaultAnswer
from tests.support.patience import FOR_EVER

EXTRACTION, VERIFICATION, STALENESS = 20, 30, 35
LIMIT_BYTES = 8 * 1024 * 1024
BODIES = ROOT.parent / "shared/coingecko/error_bodies.json"

PAST_365_DAYS = "Your request exceeds the allowed time range. Public API users are limited to"
FOR_DEMO = "If you are using Demo API key, please change your root URL from pro-api.coingecko.com to"
FOR_PRO = "If you are using Pro API key, please change your root URL from api.coingecko.com to"
NO_KEY = "API Key Missing"
PRO_ONLY = "This request is limited to PRO API subscribers."
RATE_LIMIT = "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing"

Change = Callable[[list[list[Any]]], object]
Answer = Callable[[int], FaultAnswer | None]


@dataclass(frozen=True, eq=False)
class Fault:
    """What the API answers to request number n for prices, and what it has to come to.

    `says` are words of the line of the error or, where the exit code is 0, of the warning. `waits` are the least
    seconds between the first two requests. `is_repetition`: the sweep is often enough. `is_of_one_coin`: it
    says nothing about any other coin, so that one run meets all of these, each as a coin.
    """

    name: str
    answer: Answer
    exit_code: int = 0
    says: tuple[str, ...] = ()
    requests: int = 1
    options: tuple[str, ...] = ()
    waits: float | None = None
    is_repetition: bool = False
    is_of_one_coin: bool = False
    seconds: int = 60
    mib: int = 600

    @property
    def outcome(self) -> str:
        """In words, for readers."""
        if self.exit_code:
            return "rejected by the gate" if self.exit_code >= VERIFICATION else "failed"
        return ("requested again, then taken" if self.requests > 1 else "taken") + (
            ", with a warning" if self.says else ""
        )

    def __str__(self) -> str:
        return self.name


of_one_coin = partial(Fault, is_of_one_coin=True)


# --- Answers


def bodies() -> list[tuple[int, bytes]]:
    """Status and body of each recorded refusal; none where they are not at hand."""
    entries = json.loads(BODIES.read_bytes()) if BODIES.exists() else []
    return [
        (each["http_status"], each["body_text"].encode() if "body_text" in each else json.dumps(each["body"]).encode())
        for each in entries
    ]


def refusing(status: int, sign: str, own: object) -> Answer:
    """The recorded refusal of this status that has the sign in it; where there is none, our own."""
    found = (body for recorded, body in bodies() if recorded == status and sign.encode() in body)
    return always(status=status, body=next(found, own.encode() if isinstance(own, str) else json.dumps(own).encode()))


def status(code: int, message: str) -> dict[str, Any]:
    return {"status": {"error_code": code, "error_message": message}}


def limited(retry_after: Callable[[], str]) -> Answer:
    def answer(number: int) -> FaultAnswer | None:
        limit = FaultAnswer(status=429, headers={"Retry-After": retry_after()}, body=b"error code: 1015")
        return limit if number == 1 else None

    return answer


def as_http_date(seconds: float) -> Callable[[], str]:
    """So many seconds from now, or a little more: it has no fractions."""
    return lambda: format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds + 0.999), usegmt=True)


def with_prices(prices: str) -> Answer:
    """An answer whose prices are this JSON, well-formed or not."""
    return always(body=b'{"prices": %s, "market_caps": [], "total_volumes": []}' % prices.encode())


def set_price(price: object) -> Change:
    def change(prices):
        prices[70][1] = price

    return change


def set_stamps(stamp_of: Callable[[int], object]) -> Change:
    def change(prices):
        for point in prices:
            point[0] = stamp_of(point[0])

    return change


def end_a_day_ago(prices):
    del prices[-24:]


def changed(**fields: object) -> bytes:
    """The true answer with other or more fields."""
    return json.dumps(good_chart() | fields).encode()


def of_size(size: int) -> bytes:
    """The true answer, filled up to so many bytes with a field of its own."""
    return changed(padding="x" * (size - len(changed(padding=""))))


def of_a_million_points(number: int) -> FaultAnswer:
    """About 60 MB of JSON."""
    point = b"[1778284800123,81234.567890]"
    points = b"[" + (point + b",") * 999_999 + point + b"]"  # in one go: the client waits five seconds
    return FaultAnswer(body=b'{"prices":' + points + b',"market_caps":' + points + b',"total_volumes":[]}')


def bomb(mib: int) -> bytes:
    """As many MiB of zeros, as gzip's members one after another."""
    return gzip.compress(bytes(1 << 20)) * mib


# --- The table

DEMO, PRO = ("--coingecko-plan=demo",), ("--coingecko-plan=pro",)

REFUSALS = [
    Fault("a coin that is not there", refusing(404, "coin not found", {"error": "coin not found"}),
          EXTRACTION, ("HTTP 404", "coin not found", "CoinGecko's ids")),
    of_one_coin("a path that is not there", refusing(404, "Incorrect path", {"error": "Incorrect path. Please check"}),
                EXTRACTION, ("HTTP 404", "Incorrect path")),
    Fault("a day too long ago", refusing(401, "10012", {"error": status(10012, PAST_365_DAYS)}),
          EXTRACTION, ("HTTP 401", "10012", PAST_365_DAYS, "reach back 365 days"), is_repetition=True),
    of_one_coin("a demo key at the pro API",
                refusing(400, "10011", {"error_code": 10011, "status": {"error_message": FOR_DEMO}}),
                EXTRACTION, ("HTTP 400", "10011", FOR_DEMO, "set [coingecko] plan = demo")),
    of_one_coin("a pro key at the public API", refusing(400, "10010", status(10010, FOR_PRO)),
                EXTRACTION, ("HTTP 400", "10010", FOR_PRO, "set [coingecko] plan = pro")),
    Fault("no key where one is wanted", refusing(401, "10002", status(10002, NO_KEY)),
          EXTRACTION, ("HTTP 401", "10002", NO_KEY, "api_key_file"), options=PRO, is_repetition=True),
    Fault("what the plan does not have", refusing(401, "10005", status(10005, PRO_ONLY)),
          EXTRACTION, ("HTTP 401", "10005", PRO_ONLY, "higher plan"), options=DEMO, is_repetition=True),
    Fault("the month's credits are spent", always(status=429, body=json.dumps(status(10006, "used up")).encode()),
          EXTRACTION, ("HTTP 429", "10006", "used up", "next month"), 2, options=DEMO),
    Fault("a ban without a code", always(status=403, body=b"<!DOCTYPE html><title>Attention Required!"),
          EXTRACTION, ("HTTP 403", "HTML"), is_repetition=True),
    Fault("a rate limit in JSON", refusing(429, '"error_code"', status(429, RATE_LIMIT)),
          EXTRACTION, ("HTTP 429", RATE_LIMIT), 2, is_repetition=True),
    Fault("a rate limit in plain text", refusing(429, "1015", "error code: 1015"),
          EXTRACTION, ("HTTP 429", "error code: 1015", "higher limit"), 2, is_repetition=True),
    Fault("a rate limit of an hour", always(status=429, headers={"Retry-After": "3600"}, body=b"error code: 1015"),
          EXTRACTION, ("HTTP 429", "3600")),
    Fault("a rate limit of 400 digits", always(status=429, headers={"Retry-After": "9" * 400}, body=b"slow down"),
          EXTRACTION, ("HTTP 429", "max_wait_seconds"), is_repetition=True),
    Fault("a rate limit until the year 9999",
          always(status=429, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, body=b"slow down"),
          EXTRACTION, ("HTTP 429", "max_wait_seconds"), is_repetition=True),
    Fault("a server error without end", always(status=503, body=b"upstream connect error"),
          EXTRACTION, ("HTTP 503", "upstream connect error"), 2),
]  # fmt: skip

BREAKS = [
    Fault("silence", always(delay=FOR_EVER), EXTRACTION, ("no answer", "check the network"), 2),
    Fault("a drip", always(body=b" " * 1000, drip=0.5),
          EXTRACTION, ("30 s",), options=("--coingecko-deadline-seconds=30",)),
    Fault("headers that drip", always(drip_headers=0.5), EXTRACTION, ("headers take more than 20 s",)),
    Fault("a reset", always(is_reset=True), EXTRACTION, ("no answer",), 2),
    Fault("half an answer", always(body=json.dumps(good_chart()).encode(), cut_at=4000),
          EXTRACTION, ("no answer",), 2, is_repetition=True),
    Fault("a redirect to another host", always(status=302, headers={"Location": "http://127.0.0.2:9/"}),
          EXTRACTION, ("HTTP 302", "a redirect to 127.0.0.2")),
    Fault("a redirect to itself", always(status=307, headers={"Location": "/api/v3/ping"}),
          EXTRACTION, ("HTTP 307", "a redirect to itself"), is_repetition=True),
    of_one_coin("2 GiB, packed", always(headers={"Content-Encoding": "gzip"}, body=bomb(2048)), EXTRACTION, ("bytes",)),
    of_one_coin("8 GiB, packed twice",
                always(headers={"Content-Encoding": "gzip, gzip"}, body=gzip.compress(bomb(8192))),
                EXTRACTION, ("bytes",)),
    of_one_coin("a million points", of_a_million_points, EXTRACTION, (str(LIMIT_BYTES),)),
    of_one_coin("a byte more than may be", always(body=of_size(LIMIT_BYTES + 1)),
                EXTRACTION, (str(LIMIT_BYTES),)),
]  # fmt: skip

LIES = [
    of_one_coin("a page of HTML",
                always(headers={"Content-Type": "text/html"}, body=b"<!DOCTYPE html><p>Just a moment"),
                EXTRACTION, ("HTTP 200", "HTML")),
    of_one_coin("an error in a 200", always(body=json.dumps(status(10005, PRO_ONLY)).encode()),
                EXTRACTION, ("HTTP 200", "10005", PRO_ONLY)),
    of_one_coin("an empty body", always(), EXTRACTION, ("an empty body",)),
    of_one_coin("null", always(body=b"null"), EXTRACTION, ("null",)),
    of_one_coin("no records", always(body=b"[]"), EXTRACTION),
    of_one_coin("nesting without end", with_prices("[" * 100_000), EXTRACTION),
    of_one_coin("empty arrays", with_prices("[]"), EXTRACTION, ("without prices",)),
    Fault("a price that is not a number", always(body=spoilt(set_price(math.nan))), VERIFICATION, ("row 70", "nan")),
    of_one_coin("a price without end", always(body=spoilt(set_price(-math.inf))),
                VERIFICATION, ("row 70", "-inf")),
    of_one_coin("a price that is null", always(body=spoilt(set_price(None))), VERIFICATION, ("row 70",)),
    of_one_coin("a price of nothing", always(body=spoilt(set_price(0))), VERIFICATION, ("row 70",)),
    of_one_coin("prices as strings", always(body=spoilt(set_price("81000.5"))),
                VERIFICATION, ("row 70", "81000.5")),
    of_one_coin("a price that is true", always(body=spoilt(set_price(True))),
                VERIFICATION, ("row 70",)),
    of_one_coin("a price of 400 digits", always(body=spoilt(set_price(10**400))),
                VERIFICATION, ("row 70",)),
    of_one_coin("points as objects", always(body=changed(prices=[{"at": 1, "price": 2}] * 180)),
                VERIFICATION, ("row 0",)),
    of_one_coin("volumes as a number", always(body=changed(total_volumes=7)),
                VERIFICATION, ("total_volumes",)),
    of_one_coin("without market caps", always(body=json.dumps({"prices": good_chart()["prices"]}).encode()),
                VERIFICATION, ("the field market_caps is missing",)),
    of_one_coin("seconds instead of milliseconds", always(body=spoilt(set_stamps(lambda stamp: stamp // 1000))),
                VERIFICATION, ("row 0", "milliseconds")),
    Fault("prices that end a day ago", always(body=spoilt(end_a_day_ago)), STALENESS, ("stale",)),
]  # fmt: skip

TAKEN = [
    of_one_coin("a server error, once", once(status=502, body=b"<html>Bad gateway"), requests=2),
    of_one_coin("a reset, once", once(is_reset=True), requests=2),
    of_one_coin("half an answer, once", once(body=json.dumps(good_chart()).encode(), cut_at=4000), requests=2),
    Fault("a rate limit for 3 seconds", limited(lambda: "3"), requests=2, waits=2.9),
    Fault("a rate limit until a date", limited(as_http_date(3)), requests=2, waits=2.9, is_repetition=True),
    Fault("a rate limit of less than nothing", limited(lambda: "-5"), requests=2, waits=0.4, is_repetition=True),
    Fault("a rate limit until yesterday", limited(as_http_date(-86_400)), requests=2, waits=0.4,
          is_repetition=True),
    Fault("a rate limit without a time", once(status=429, body=b"Throttled"), requests=2, waits=0.4),
    Fault("a rate limit with a time that is none", limited(lambda: "soon"), requests=2, waits=0.4,
          is_repetition=True),
    of_one_coin("a first byte that takes its time", lambda number: FaultAnswer(delay=1.2, body=changed())),
    of_one_coin("a slow body", lambda number: FaultAnswer(drip=0.0001, body=changed())),
    of_one_coin("a field that is new", always(body=changed(open_interest=[[1, 2]])),
                says=("kept in the raw archive only: 'open_interest'",)),
    of_one_coin("market caps that are null", always(body=changed(market_caps=None))),
    of_one_coin("as many bytes as may be", always(body=of_size(LIMIT_BYTES)), says=("padding",)),
]  # fmt: skip

ALL = [*REFUSALS, *BREAKS, *LIES, *TAKEN]


# --- The page

PAGE = ROOT / "docs/faults.md"
_HEAD = """# What the API may do wrong, and what a run does then

Written by `make faults` from `tests/e2e/faults.py`. `tests/e2e/test_api.py` compares each line with a run, in `make
long`; lines that repeat another line run in `make sweep`. Each run begins with the data of the day before. The
published database and the charts stay the same, byte for byte, until a new version has passed its tests. A run that
fails ends with one line. If a fault says nothing about other coins, only one coin of the run meets it: the published
prices of this coin stay, and the coin has one line.

Here `retries = 1`, so a request is sent twice at most. Only requests for prices are counted. The time is that of two
free cores; the test allows five times as much, for a busy machine.

| the API gives | outcome | exit code | requests | time, at most | memory, at most | tested by |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The table, as Markdown."""
    rows = [
        (each.name, each.outcome, each.exit_code, each.requests, f"{each.seconds} s", f"{each.mib} MiB",
         "sweep" if each.is_repetition else "long")
        for each in ALL
    ]  # fmt: skip
    return _HEAD + "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
