"""`btc-pipeline status`: what is published by hand, odd records included, is told and never a traceback."""

import json
from datetime import timedelta

import duckdb
import pytest

from tests.support import published_world
from tests.visualize.report.published import CONTRACT, DAY, Published, candle


@pytest.fixture
def workspace(tmp_path):
    """The folder of a workspace in which something is published."""
    return published_world.made_in(tmp_path)


def typed(workspace, *arguments):
    return published_world.typed(workspace, "status", *arguments)


def told(workspace):
    ended = typed(workspace, "--json")
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
def test_a_damaged_record_of_a_failure_is_passed_over(record, arguments, workspace):
    (workspace / "failures").mkdir()
    (workspace / "failures" / "2099.ndjson").write_text(json.dumps(record))
    ended = typed(workspace, *arguments)
    assert (ended.returncode, ended.stderr, "2099" in ended.stdout) == (0, "", False)


def test_the_newest_whole_record_of_a_failure_is_told(workspace):
    (workspace / "failures").mkdir()
    (workspace / "failures" / "2098.ndjson").write_text(json.dumps(WHOLE | {"source": "CoinGecko"}))
    (workspace / "failures" / "2099.ndjson").write_text('{"failed_at"')
    assert told(workspace)["last_failure"] == WHOLE


# --- What is published


def changed(workspace, statement):
    """Change what is published by hand."""
    with duckdb.connect(str(workspace / "crypto_data.duckdb")) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("statement", [
    "delete from publication where key = 'run_date'",
    "delete from publication where key = 'source'",
    "update publication set value = 'some day' where key = 'run_date'",
    "update publication set value = null where key = 'as_of'",
])  # fmt: skip
def test_a_publication_of_another_contract_is_one_line(statement, workspace):
    changed(workspace, statement)
    ended = typed(workspace)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (60, "", 1), ended.stderr
    assert "Next: run the pipeline" in ended.stderr


def test_a_publication_without_a_candle_has_no_instant(workspace):
    Published(candles=[]).write(workspace / "crypto_data.duckdb")
    changed(workspace, "update publication set value = '' where key = 'as_of'")
    assert typed(workspace).returncode == 0


# --- What is odd


def row_of(table, **values):
    return dict.fromkeys(CONTRACT[table]) | values


def gap(back, **values):
    """An open gap that ended so many days before the run's."""
    until = DAY - timedelta(days=back)
    times = {"gap_from": f"{until - timedelta(days=1)} 12:00:00", "gap_to": f"{until} 12:00:00"}
    facts = {"coin_id": "bitcoin", "vs_currency": "usd", "state": "open", "slots": 1, "is_notable": True}
    return row_of("price_gaps", **{**facts, **times, **values})


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
def test_what_is_odd_is_counted_of_the_configured_coins_and_the_run_s_days(name, workspace):
    values, back, numbers = ODD[name]
    published = Published(candles=[candle(), candle(coin_id="ethereum")])
    published.tables = {"price_gaps": [gap(back, **values)], "price_anomalies": [anomaly(back, **values)]}
    published.write(workspace / "crypto_data.duckdb")
    shown = told(workspace)["published"]
    assert (shown["open_gaps"], shown["anomalies"]) == numbers


def test_single_slots_are_counted_apart(workspace):
    published = Published()
    published.tables = {"price_gaps": [gap(1, is_notable=False, slots=1), gap(2, is_notable=False, slots=1), gap(3)]}
    published.write(workspace / "crypto_data.duckdb")
    shown = told(workspace)["published"]
    assert (shown["open_gaps"], shown["single_slots_missing"]) == (1, 2)
    lines = typed(workspace).stdout.splitlines()
    assert [line for line in lines if line.startswith(("odd", "common"))] == [
        "odd        1 open gap", "common     2 single slots missing",
    ]  # fmt: skip


# --- A run of a past day has published since

NEWER = DAY + timedelta(days=3)


def test_the_head_is_of_the_newest_day_and_names_the_other_run(workspace):
    published_world.record(workspace, DAY)
    published_world.record(workspace, NEWER)
    found = told(workspace)["published"]
    assert (found["run"], found["as_of"]) == (f"run of {NEWER}", f"{NEWER}T14:42:23Z")
    assert (found["published_last"], found["failed_or_warned"]) == (f"run of {DAY}", ["singular:odd"])
    assert f"the run of {DAY} has published since" in typed(workspace).stdout


def test_what_is_odd_is_that_of_the_newest_days(workspace):
    odd = [anomaly(back) for back in (6, -2, -3)]
    Published(tables={"price_anomalies": odd}).write(workspace / "crypto_data.duckdb")
    assert told(workspace)["published"]["anomalies"] == 1
    published_world.record(workspace, NEWER)
    assert told(workspace)["published"]["anomalies"] == 2


OTHERS = [
    {"source": "SAMPLE (recordings x)"}, {"made_by": "Backfill"}, {"run_date": "some day"}, {"first_day": "x"},
    {"as_of": None},
]  # fmt: skip


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_only_a_daily_run_of_the_same_source_takes_the_head(changes, workspace):
    published_world.record(workspace, NEWER, **changes)
    found = told(workspace)["published"]
    assert (found["run"], found["published_last"]) == (f"run of {DAY}", "")


def test_without_a_newer_run_nobody_has_published_since(workspace):
    for back in (0, 1):
        published_world.record(workspace, DAY - timedelta(days=back))
    assert told(workspace)["published"]["published_last"] == ""


def test_a_damaged_record_of_a_newer_run_is_passed_over(workspace):
    published_world.record(workspace, NEWER)
    next((workspace / "runs").glob("*.json")).write_text("{")
    assert told(workspace)["published"]["run"] == f"run of {DAY}"
