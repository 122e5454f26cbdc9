"""The table of streams: what follows from its rows."""

import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.streams import CHART_5M, COINS, MARKET_CHART, OHLC, STREAMS


def test_one_stream_is_needed_and_it_is_requested_first():
    assert [name for name, stream in STREAMS.items() if stream.is_needed] == [MARKET_CHART] == list(STREAMS)[:1]


@pytest.mark.parametrize(("path", "name"), [
    ("/api/v3/coins/bitcoin/market_chart/range", MARKET_CHART),
    ("/api/v3/coins/bitcoin/market_chart", CHART_5M),
    ("/api/v3/coins/ohlc/ohlc", OHLC),
    ("/api/v3/coins/list", COINS),
])  # fmt: skip
def test_a_path_names_its_stream(path, name):
    assert streams.of_path(path) == name


def test_both_charts_are_loaded_into_one_table():
    assert streams.of_table("raw.market_chart") == (MARKET_CHART, CHART_5M)
    assert streams.of_table("raw.ohlc") == (OHLC,)
