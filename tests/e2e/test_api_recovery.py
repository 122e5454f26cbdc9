"""An API that gives a good answer to the next run: what was bad leaves no trace."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.e2e import published, truth
from tests.e2e.command_line import NOW
from tests.e2e.live_api import Api, live, once, spoilt
from tests.support.faulty_server import FaultAnswer
from tests.support.swept import swept

pytestmark = pytest.mark.long

A_MINUTE_LATER = "2026-05-15T13:31:00Z"


@dataclass(frozen=True, eq=False)
class Recovery:
    """What the API answers to request number n, and the runs against it: step and instant of each."""

    name: str
    answer: Callable[[int], FaultAnswer | None]
    runs: tuple[tuple[str, str], ...] = (("VerifyData", NOW),)

    def __str__(self) -> str:
        return self.name


def set_to_null(prices):
    prices[70][1] = None


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

    return run_ahead(run, [EMPTY_ARRAYS, *NULL_PRICES])


@pytest.mark.parametrize("case", [EMPTY_ARRAYS], ids=str)
def test_after_a_failed_extraction_a_good_answer_heals(case, outcomes):
    _, (failed, healed), _ = outcomes[case].result()
    assert (failed.exit_code, healed.exit_code) == (20, 0), healed.stderr
    assert healed.done == ["ExtractAndLoad", "VerifyData"]


@pytest.mark.parametrize("case", swept(NULL_PRICES), ids=str)
def test_after_a_refused_answer_a_good_one_makes_true_candles(case, outcomes):
    pipeline, (failed, healed), _ = outcomes[case].result()
    assert (failed.exit_code, healed.exit_code) == (30, 0), healed.stderr
    candles = published.candles(pipeline.data_dir / "live/crypto_data.duckdb")
    assert [row["status"] for row in candles] == ["final"] * 7 + ["open"]
    assert truth.wrong_candles(candles) == []
