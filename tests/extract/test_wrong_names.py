"""A coin or a currency that CoinGecko's kept list lacks is refused before the connector starts."""

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from btc_pipeline.coingecko import coin_names
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.extract import fetch, requests, wrong_names
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.workspace import Workspace
from tests.publish.test_swap import SETTINGS

NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
LISTS = {"coins_list": '[{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}]', "supported_vs_currencies": '["usd"]'}


@pytest.fixture
def workspace(tmp_path):
    """An empty workspace in which the lists are there."""
    made = Workspace(tmp_path, "sample")
    coin_names.keep(made.names, LISTS)
    return made


def requested(*pairs):
    return requests.of_run(replace(SETTINGS, now=NOW), NOW.date(), NOW, pairs)


def test_for_a_wrong_name_alone_no_connector_is_started(workspace):
    settings = replace(SETTINGS, data_dir=workspace.data_dir, now=NOW)
    fetched = fetch.fetch(settings, workspace, requested(Pair("btc", "usd"), Pair("bitcoin", "euro")))
    assert [str(request.pair) for request, _ in fetched.failed] == ["btc/usd", "bitcoin/euro"]
    assert "btc is a symbol, not an id: bitcoin (Bitcoin). Next: correct" in str(fetched.failed[0][1])
    assert (fetched.answers, fetched.calls, workspace.logs.exists()) == ([], 0, False)


def test_the_other_coins_are_requested(workspace):
    good, wrong = Pair("bitcoin", "usd"), Pair("btc", "usd")
    kept, refused = wrong_names.set_aside(workspace, requested(wrong, good))
    assert kept == requested(good)
    assert [(request.pair, request.stream) for request, _ in refused] == [(wrong, MARKET_CHART)]


def test_a_coin_that_is_in_the_archive_is_requested_whatever_the_list_says(workspace):
    (request, *others) = requested(Pair("old-coin", "usd"))
    body = json.dumps(synthetic.market_chart("bitcoin", "usd", request.window_from, NOW, NOW)).encode()
    raw_archive.keep(workspace.raw, request, body)
    assert wrong_names.set_aside(workspace, [request, *others]) == ([request, *others], [])


def test_without_a_list_each_coin_is_requested(tmp_path):
    wanted = requested(Pair("btc", "usd"))
    assert wrong_names.set_aside(Workspace(tmp_path, "live"), wanted) == (wanted, [])
