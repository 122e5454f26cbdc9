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

    def __init__(self, part, answer, number):
        self.part, self.answer, self.left, self.asked = part, answer, number, 0

    def __call__(self, path):
        if self.part not in path:
            return None
        self.asked += 1
        self.left -= 1
        return self.answer if self.left >= 0 else None


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
@pytest.mark.turn("bad extras", "once")
def test_bad_5_minute_points_are_requested_once_more(tmp_path):
    bad = BadAnswers("/market_chart?", jumping(INSTANT), 1)
    result, candle = run(tmp_path, bad)
    assert bad.asked == 2
    assert (candle["granularity"], candle["status"]) == ("5-minute", "final")
    (warning,) = [line for line in result.stderr.splitlines() if "requested again" in line]
    assert "5-minute points of bitcoin/usd are bad" in warning
    assert "in one step" in warning


@pytest.mark.sweep
@pytest.mark.turn("bad extras", "twice")
def test_bad_5_minute_points_twice_leave_the_day_to_the_hourly_series(tmp_path):
    bad = BadAnswers("/market_chart?", jumping(INSTANT), 2)
    result, candle = run(tmp_path, bad)
    assert bad.asked == 2
    assert (candle["granularity"], candle["status"]) == ("hourly", "final")
    assert "are bad again, and this run does without them" in result.stderr


@pytest.mark.sweep
@pytest.mark.turn("bad extras", "own candles")
def test_bad_candles_of_coingecko_are_requested_once_more_and_their_lack_raises_no_doubt(tmp_path):
    bad = BadAnswers("/ohlc", FaultAnswer(body=b"[[1, 2, 3]]"), 2)
    result, candle = run(tmp_path, bad)
    assert bad.asked == 2
    assert (candle["status"], candle["doubts"]) == ("final", [])
    assert "own candles of bitcoin/usd are bad again" in result.stderr
