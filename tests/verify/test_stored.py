"""An archived answer, judged: by the gate of its stream, and by what is asked of it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import CHART_5M, MARKET_CHART, OHLC
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.lake.raw_archive import DamagedAnswerError
from btc_pipeline.verify import stored
from btc_pipeline.verify.gate import BadAnswerError, StaleAnswerError

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
START = datetime(2026, 5, 13, tzinfo=timezone.utc)
REQUEST = raw_archive.Request("bitcoin", "usd", NOW.date(), START, NOW, NOW, "test", MARKET_CHART)
NONE = exceptions.ExceptionLedger(Path("nowhere"))
EMPTY = b'{"prices": [], "market_caps": [], "total_volumes": []}'


@pytest.fixture
def kept(tmp_path):
    """A function that archives a body, by default a good chart."""

    def keep(body=None, **changes):
        request = replace(REQUEST, **changes)
        chart = synthetic.market_chart("bitcoin", "usd", request.window_from, request.window_to, NOW)
        return raw_archive.keep(tmp_path, request, json.dumps(chart).encode() if body is None else body)

    return keep


def test_a_good_chart_says_what_it_holds(tmp_path, kept):
    judged = stored.judge(tmp_path, kept(), NONE)
    assert judged.chart is not None
    assert (judged.chart.granularity, judged.is_empty) == ("hourly", False)
    assert stored.chart_of(tmp_path, kept(), NONE) == judged.chart


def test_candles_pass_the_gate_of_candles(tmp_path, kept):
    body = json.dumps(synthetic.ohlc("bitcoin", "usd", 7, NOW)).encode()
    assert stored.judge(tmp_path, kept(body, stream=OHLC), NONE).chart is None
    with pytest.raises(BadAnswerError):
        stored.judge(tmp_path, kept(b'{"prices": []}', stream=OHLC), NONE)


def test_an_empty_chart_is_good_only_if_it_may_be(tmp_path, kept):
    entry = kept(EMPTY)
    assert stored.judge(tmp_path, entry, NONE, takes_empty=True).is_empty
    with pytest.raises(BadAnswerError, match="prices is empty"):
        stored.judge(tmp_path, entry, NONE)
    assert stored.chart_of(tmp_path, entry, NONE) is None


def test_a_chart_that_is_too_old_is_stale_only_if_that_is_asked(tmp_path, kept):
    entry = kept(window_to=NOW + timedelta(hours=8), extracted_at=NOW + timedelta(hours=8))
    assert stored.judge(tmp_path, entry, NONE).chart
    with pytest.raises(StaleAnswerError):
        stored.judge(tmp_path, entry, NONE, stored.Rules(max_age=timedelta(hours=6)))


def test_a_damaged_answer_is_not_judged(tmp_path, kept):
    entry = kept()
    path = tmp_path / entry.file
    path.chmod(0o644)
    path.write_bytes(b"damage")
    with pytest.raises(DamagedAnswerError):
        stored.judge(tmp_path, entry, NONE)
    assert stored.chart_of(tmp_path, entry, NONE) is None


def test_the_5_minute_stream_has_to_bring_5_minute_points(tmp_path, kept):
    hourly = kept(stream=CHART_5M)
    with pytest.raises(BadAnswerError, match="its points are hourly, not 5-minute"):
        stored.check_granularity(stored.judge(tmp_path, hourly, NONE))
    stored.check_granularity(stored.judge(tmp_path, kept(), NONE))


def test_a_quarantined_answer_is_not_judged_until_it_is_released(tmp_path, kept):
    entry = kept()
    about = {"archive_file": entry.file, "sha256": entry.sha256, "check": "a_check", "rows": 1, "by": "a_check"}
    exceptions.append(
        tmp_path, [exceptions.NewDecision(exceptions.QUARANTINED, reason="too high", **about)], NOW, "run"
    )
    ledger = exceptions.read(tmp_path)
    with pytest.raises(stored.QuarantinedAnswerError, match="quarantined: too high"):
        stored.judge(tmp_path, entry, ledger)
    assert stored.chart_of(tmp_path, entry, ledger) is None
    exceptions.append(tmp_path, [exceptions.NewDecision(exceptions.RELEASED, reason="it is true", **about)], NOW, "run")
    assert stored.chart_of(tmp_path, entry, exceptions.read(tmp_path)) is not None
