"""An API that refuses, waits, breaks off or lies: one line with its own words, bounded requests and time, no bad data.

Each answer is bytes on a real socket; the shapes of refusals are those of recorded ones.
"""

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.command_line import Pipeline
from tests.e2e.live_api import Api, always, good_chart, live, spoilt, truly
from tests.faulty_server import FaultAnswer

EXTRACTION, VERIFICATION = 20, 30

PAST_365_DAYS = "Your request exceeds the allowed time range. Public API users are limited to"
WRONG_ROOT = "If you are using Demo API key, please change your root URL from pro-api.coingecko.com to"
NO_KEY = "API Key Missing"
RATE_LIMIT = "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing"


Change = Callable[[list[list[Any]]], None]


@dataclass(frozen=True, eq=False)
class Answers:
    """What the API answers to request number n, and what a run has to make of it."""

    name: str
    answer: Callable[[int], FaultAnswer | None]
    exit_code: int
    says: tuple[str, ...] = ()
    requests: int = 1
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def refusing(status: int, body: object) -> Callable[[int], FaultAnswer | None]:
    return always(status=status, body=json.dumps(body).encode())


def with_prices(prices: str) -> Callable[[int], FaultAnswer | None]:
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


def bomb(mib: int) -> bytes:
    """As many MiB of zeros, as gzip's members one after another."""
    return gzip.compress(bytes(1 << 20)) * mib


BAD = [
    # What CoinGecko refuses, in its five shapes
    Answers("a coin that is not there", truly,
            EXTRACTION, ("404", "coin not found"), options=("--pipeline-coins=nope",)),
    Answers("a day too long ago", truly,
            EXTRACTION, ("401", "10012", PAST_365_DAYS), options=("--date=2024-01-31",)),
    Answers("a code beside the status", refusing(400, {"error_code": 10011, "status": {"error_message": WRONG_ROOT}}),
            EXTRACTION, ("400", "10011", WRONG_ROOT)),
    Answers("a code in the status", refusing(401, {"status": {"error_code": 10002, "error_message": NO_KEY}}),
            EXTRACTION, ("401", "10002", NO_KEY)),
    Answers("a rate limit in JSON", refusing(429, {"status": {"error_code": 429, "error_message": RATE_LIMIT}}),
            EXTRACTION, ("429", RATE_LIMIT), requests=2),
    Answers("a rate limit in plain text", always(status=429, body=b"error code: 1015"),
            EXTRACTION, ("429", "error code: 1015"), requests=2),
    Answers("a wait that is too long", always(status=429, headers={"Retry-After": "3600"}, body=b"error code: 1015"),
            EXTRACTION, ("429", "3600")),
    Answers("a server error without end", always(status=503, body=b"upstream connect error"),
            EXTRACTION, ("503", "upstream connect error"), requests=2),
    # What breaks
    Answers("silence", always(delay=60), EXTRACTION, ("no answer",), requests=2),
    Answers("a drip", always(body=b" " * 1000, drip=0.5),
            EXTRACTION, ("10 s",), options=("--coingecko-deadline-seconds=10",)),
    Answers("a reset", always(is_reset=True), EXTRACTION, ("no answer",), requests=2),
    Answers("half an answer", always(body=json.dumps(good_chart()).encode(), cut_at=4000), EXTRACTION, requests=2),
    # What lies
    Answers("a page of HTML", always(headers={"Content-Type": "text/html"}, body=b"<!DOCTYPE html><p>Just a moment"),
            EXTRACTION, ("HTML",)),
    Answers("an error in a 200", refusing(200, {"status": {"error_code": 10005, "error_message": "limited to PRO"}}),
            EXTRACTION, ("10005", "limited to PRO")),
    Answers("2 GiB, packed", always(headers={"Content-Encoding": "gzip"}, body=bomb(2048)), EXTRACTION, ("bytes",)),
    Answers("8 GiB, packed twice", always(headers={"Content-Encoding": "gzip, gzip"}, body=gzip.compress(bomb(8192))),
            EXTRACTION, ("bytes",)),
    Answers("no records", always(body=b"[]"), EXTRACTION),
    Answers("empty arrays", with_prices("[]"), EXTRACTION, ("bitcoin",)),
    Answers("a price that is not a number", always(body=spoilt(set_price(math.nan))), VERIFICATION, ("row 70", "nan")),
    Answers("a price that is null", always(body=spoilt(set_price(None))), VERIFICATION, ("row 70",)),
    Answers("prices as strings", always(body=spoilt(set_price("81000.5"))), VERIFICATION, ("row 70", "81000.5")),
    Answers("a price of 400 digits", always(body=spoilt(set_price(10**400))), VERIFICATION, ("row 70",)),
    Answers("seconds instead of milliseconds", always(body=spoilt(set_stamps(lambda stamp: stamp // 1000))),
            VERIFICATION, ("row 0", "milliseconds")),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def outcomes(run_ahead, tmp_path_factory):
    """What a run came to, and how often it asked."""

    def run(case):
        with Api(case.answer) as api:
            pipeline = live(tmp_path_factory.mktemp("api") / "data", api, *case.options)
            return pipeline.run("VerifyData"), len(api.came_at)

    return run_ahead(run, BAD)


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_bad_answer_ends_with_its_exit_code_and_one_line(case, outcomes):
    result, _ = outcomes[case].result()
    assert (result.exit_code, len(result.errors)) == (case.exit_code, 1), result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("case", [case for case in BAD if case.says], ids=str)
def test_a_bad_answer_is_told_in_its_own_words(case, outcomes):
    result, _ = outcomes[case].result()
    assert [words for words in case.says if words not in result.errors[0]] == [], result.errors[0]


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_bad_answer_is_asked_for_as_often_as_it_may_help(case, outcomes):
    _, requests = outcomes[case].result()
    assert requests == case.requests


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_bad_answer_holds_a_run_up_for_a_bounded_time(case, outcomes):
    result, _ = outcomes[case].result()
    assert result.seconds < 30


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_bad_answer_takes_a_bounded_amount_of_memory(case, outcomes):
    result, _ = outcomes[case].result()
    assert result.peak_mib < 600


def test_an_api_that_is_not_there_ends_with_20_and_one_line(tmp_path):
    options = ("--pipeline-source=live", "--coingecko-base-url=http://127.0.0.1:1/api/v3", "--coingecko-retries=0")
    result = Pipeline(tmp_path / "data", options).run("Visualize")
    assert (result.exit_code, len(result.errors)) == (EXTRACTION, 1), result.stderr
    assert "no answer" in result.errors[0]
