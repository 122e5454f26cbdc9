"""Bad 5-minute points, or bad candles of CoinGecko's own: requested once more, and then done without."""

import json
from datetime import timedelta

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e import published
from tests.e2e.live_api import INSTANT, Api, live, truly
from tests.support.faulty_server import FaultAnswer

pytestmark = pytest.mark.long

YESTERDAY = (INSTANT - timedelta(days=1)).date()


def jumping(now):
    """5-minute points of which four are a thousand times too low."""
    chart = synthetic.market_chart("bitcoin", "usd", now - timedelta(days=1), now, now)
    for point in chart["prices"][20:24]:
        point[1] = (point[1] or 0) / 2000
    return FaultAnswer(body=json.dumps(chart).encode())


class BadAnswers:
    """An API whose first answers of one kind are bad."""

    def __init__(self, part, answer, number, then=None):
        self.part, self.answer, self.left, self.then, self.asked = part, answer, number, then, 0

    def __call__(self, path):
        if self.part not in path:
            return None
        self.asked += 1
        self.left -= 1
        return self.answer if self.left >= 0 else self.then if self.asked > 1 else None


def run(folder, bad):
    """Two days; the bad answers come on the second."""
    with Api(truly, bad, bad, now=INSTANT - timedelta(days=1)) as api:
        left, bad.left = bad.left, 0
        pipeline = live(folder / "data", api)
        before = pipeline.run("Publish", now=(INSTANT - timedelta(days=1)).isoformat())
        assert before.exit_code == 0, before.stderr
        api.travel_to(INSTANT)
        bad.left, bad.asked = left, 0
        result = pipeline.run("Publish", now=INSTANT.isoformat())
    candles = published.candles(folder / "data/live/crypto_data.duckdb")
    (candle,) = [row for row in candles if row["date"] == YESTERDAY]
    assert result.exit_code == 0, result.stderr
    return result, candle


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("times", "granularity", "said"),
    [
        pytest.param(1, "5-minute", "requested again", marks=pytest.mark.turn("bad extras", "once")),
        pytest.param(2, "hourly", "are bad again, and this run does without them",
                     marks=pytest.mark.turn("bad extras", "twice")),
    ],
)  # fmt: skip
def test_bad_5_minute_points_are_requested_once_more_and_then_the_hourly_series_makes_the_day(
    times, granularity, said, tmp_path
):
    bad = BadAnswers("/market_chart?", jumping(INSTANT), times)
    result, candle = run(tmp_path, bad)
    assert bad.asked == 2
    assert (candle["granularity"], candle["status"]) == (granularity, "final")
    (warning,) = [line for line in result.stderr.splitlines() if said in line]
    assert "5-minute points of bitcoin/usd are bad" in warning
    assert "in one step" in warning


@pytest.mark.sweep
@pytest.mark.turn("bad extras", "no second answer")
def test_if_the_second_request_gets_no_answer_in_time_the_run_does_without(tmp_path):
    bad = BadAnswers("/market_chart?", jumping(INSTANT), 1, then=FaultAnswer(body=b"{" * 900, drip=0.5))
    result, candle = run(tmp_path, bad)  # two bytes a second last longer than any limit
    assert bad.asked == 2
    assert (candle["granularity"], candle["status"]) == ("hourly", "final")
    assert "ExtractAndLoad goes on without 5-minute points on bitcoin" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.sweep
@pytest.mark.turn("bad extras", "own candles")
def test_bad_candles_of_coingecko_are_requested_once_more_and_their_lack_raises_no_doubt(tmp_path):
    bad = BadAnswers("/ohlc", FaultAnswer(body=b"[[1, 2, 3]]"), 2)
    result, candle = run(tmp_path, bad)
    assert bad.asked == 2
    assert (candle["status"], candle["doubts"]) == ("final", [])
    assert "own candles of bitcoin/usd are bad again" in result.stderr
