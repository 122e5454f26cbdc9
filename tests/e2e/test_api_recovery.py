"""An API that gives a good answer after bad ones: waited for as it asks, and what was bad leaves no trace."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from tests.e2e import published, truth
from tests.e2e.command_line import NOW
from tests.e2e.live_api import Api, live, once, spoilt
from tests.faulty_server import FaultAnswer

A_MINUTE_LATER = "2026-05-15T13:31:00Z"


@dataclass(frozen=True, eq=False)
class Recovery:
    """What the API answers to request number n, and the runs against it: step and instant of each."""

    name: str
    answer: Callable[[int], FaultAnswer | None]
    runs: tuple[tuple[str, str], ...] = (("VerifyData", NOW),)

    def __str__(self) -> str:
        return self.name


def rate_limit(retry_after: Callable[[], str]) -> Callable[[int], FaultAnswer | None]:
    def answer(number):
        limit = FaultAnswer(status=429, headers={"Retry-After": retry_after()}, body=b"error code: 1015")
        return limit if number == 1 else None

    return answer


def as_http_date() -> str:
    """Three seconds from now, or a little more: it has no fractions."""
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=3.999), usegmt=True)


def set_to_null(prices):
    prices[70][1] = None


SERVER_ERROR = Recovery("a server error", once(status=502, body=b"<html>Bad gateway"))
RATE_LIMITS = [
    Recovery("a rate limit for 3 seconds", rate_limit(lambda: "3")),
    Recovery("a rate limit until a date", rate_limit(as_http_date)),
]
EMPTY_ARRAYS = Recovery(
    "empty arrays, and a second run",
    once(body=json.dumps({"prices": [], "market_caps": [], "total_volumes": []}).encode()),
    (("VerifyData", NOW), ("VerifyData", NOW)),
)
NULL_PRICES = [
    Recovery(
        f"a price that is null, and a second run {when}",
        once(body=spoilt(set_to_null)),
        (("VerifyData", NOW), ("Publish", instant)),
    )
    for when, instant in [("a minute later", A_MINUTE_LATER), ("as of the same instant", NOW)]
]


@pytest.fixture(scope="module", autouse=True)
def outcomes(run_ahead, tmp_path_factory):
    """The pipeline, what each run came to, and when each request came."""

    def run(case):
        with Api(case.answer) as api:
            pipeline = live(tmp_path_factory.mktemp("recovery") / "data", api)
            return pipeline, [pipeline.run(step, now=instant) for step, instant in case.runs], api.came_at

    return run_ahead(run, [SERVER_ERROR, *RATE_LIMITS, EMPTY_ARRAYS, *NULL_PRICES])


@pytest.mark.parametrize("case", [SERVER_ERROR], ids=str)
def test_a_server_error_is_tried_again(case, outcomes):
    _, (result,), came_at = outcomes[case].result()
    assert (result.exit_code, len(came_at)) == (0, 2), result.stderr


@pytest.mark.parametrize("case", RATE_LIMITS, ids=str)
def test_a_rate_limit_is_waited_for_as_long_as_it_says(case, outcomes):
    _, (result,), (first, second) = outcomes[case].result()
    assert (result.exit_code, 2.9 < second - first < 8) == (0, True), result.stderr


@pytest.mark.parametrize("case", [EMPTY_ARRAYS], ids=str)
def test_after_a_failed_extraction_a_good_answer_heals(case, outcomes):
    _, (failed, healed), _ = outcomes[case].result()
    assert (failed.exit_code, healed.exit_code) == (20, 0), healed.stderr
    assert healed.done == ["ExtractAndLoad", "VerifyData"]


@pytest.mark.parametrize("case", NULL_PRICES, ids=str)
def test_after_a_refused_answer_a_good_one_makes_true_candles(case, outcomes):
    pipeline, (failed, healed), _ = outcomes[case].result()
    assert (failed.exit_code, healed.exit_code) == (30, 0), healed.stderr
    candles = published.candles(pipeline.data_dir / "live/crypto_data.duckdb")
    assert [row["status"] for row in candles] == ["final"] * 7 + ["open"]
    assert truth.wrong_candles(candles) == []
