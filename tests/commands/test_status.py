"""`btc-pipeline status`: what is published by hand, odd records included, is told and never a traceback."""

import json
from datetime import timedelta

import duckdb
import pytest

from tests.support import published_world
from tests.visualize.report.published import CONTRACT, DAY, Published, candle


@pytest.fixture
def world(tmp_path):
    """The folder of a world in which something is published."""
    return published_world.made_in(tmp_path)


def typed(world, *arguments):
    return published_world.typed(world, "status", *arguments)


def told(world):
    ended = typed(world, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


# --- Failures on record

WHOLE = {
    "failed_at": "2098-01-01T00:00:00",
    "step": "VerifyData",
    "exit_code": 30,
    "reason": "odd",
    "coins": ["bitcoin"],
}
DAMAGED = [
    {"failed_at": "2099-01-01"},
    {"failed_at": 7},
    WHOLE | {"failed_at": 7},
    WHOLE | {"reason": None},
    WHOLE | {"coins": "bitcoin"},
    [],
]


@pytest.mark.parametrize("record", DAMAGED, ids=str)
@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=str)
def test_a_damaged_record_of_a_failure_is_passed_over(record, arguments, world):
    (world / "failures").mkdir()
    (world / "failures" / "2099.ndjson").write_text(json.dumps(record))
    ended = typed(world, *arguments)
    assert (ended.returncode, ended.stderr, "2099" in ended.stdout) == (0, "", False)


def test_the_newest_whole_record_of_a_failure_is_told(world):
    (world / "failures").mkdir()
    (world / "failures" / "2098.ndjson").write_text(json.dumps(WHOLE | {"source": "CoinGecko"}))
    (world / "failures" / "2099.ndjson").write_text('{"failed_at"')
    assert told(world)["last_failure"] == WHOLE


# --- What is published


def changed(world, statement):
    """Change what is published by hand."""
    with duckdb.connect(str(world / "crypto_data.duckdb")) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("statement", [
    "delete from publication where key = 'run_date'",
    "delete from publication where key = 'source'",
    "update publication set value = 'some day' where key = 'run_date'",
    "update publication set value = null where key = 'as_of'",
])  # fmt: skip
def test_a_publication_of_another_contract_is_one_line(statement, world):
    changed(world, statement)
    ended = typed(world)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (60, "", 1), ended.stderr
    assert "Next: run the pipeline" in ended.stderr


def test_a_publication_without_a_candle_has_no_instant(world):
    Published(candles=[]).write(world / "crypto_data.duckdb")
    changed(world, "update publication set value = '' where key = 'as_of'")
    assert typed(world).returncode == 0


# --- What is odd


def row_of(table, **values):
    return dict.fromkeys(CONTRACT[table]) | values


def gap(back, **values):
    """An open gap that ended so many days before the run's."""
    until = DAY - timedelta(days=back)
    times = {"gap_from": f"{until - timedelta(days=1)} 12:00:00", "gap_to": f"{until} 12:00:00"}
    return row_of("price_gaps", **{"coin_id": "bitcoin", "vs_currency": "usd", "state": "open", **times, **values})


def anomaly(back, **values):
    day = DAY - timedelta(days=back)
    return row_of("price_anomalies", **{"coin_id": "bitcoin", "vs_currency": "usd", "date": day, **values})


ODD = {
    "of the run's days": ({}, 1, (1, 1)),
    "of another coin": ({"coin_id": "ethereum"}, 1, (0, 0)),
    "in another currency": ({"vs_currency": "eur"}, 1, (0, 0)),
    "of long ago": ({}, 30, (0, 0)),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_counted_of_the_configured_coins_and_the_run_s_days(name, world):
    values, back, numbers = ODD[name]
    published = Published(candles=[candle(), candle(coin_id="ethereum")])
    published.tables = {"price_gaps": [gap(back, **values)], "price_anomalies": [anomaly(back, **values)]}
    published.write(world / "crypto_data.duckdb")
    shown = told(world)["published"]
    assert (shown["open_gaps"], shown["anomalies"]) == numbers
