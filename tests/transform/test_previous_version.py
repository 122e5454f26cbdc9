"""The last good version beside the new one: what readers have, and the ledger's files."""

import json

import duckdb
import pytest

from btc_pipeline.transform import previous_version
from btc_pipeline.warehouse import contract

SOURCE = "SAMPLE (synthetic)"
CANDLE = {
    "coin_id": "bitcoin",
    "vs_currency": "usd",
    "date": "2026-05-14",
    "open": 1.0,
    "high": 2.0,
    "low": 0.5,
    "close": 1.5,
    "volume_24h": None,
    "market_cap": None,
    "points": 24,
    "expected_points": 24,
    "coverage": 1.0,
    "granularity": "hourly",
    "first_point_at": "2026-05-14",
    "last_point_at": "2026-05-14",
    "status": "final",
    "is_closed_by_live_point": False,
    "extracted_at": "2026-05-15",
    "source": SOURCE,
    "doubts": [],
}
REVISION = dict.fromkeys(contract.REVISION) | {"coin_id": "bitcoin", "field": "close", "source": SOURCE}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "it's revisions").mkdir()
    return tmp_path


def publish(folder, columns=CANDLE):
    values = ", ".join(f"{json.dumps(value).replace(chr(34), chr(39))} as {name}" for name, value in columns.items())
    with duckdb.connect(str(folder / "it's.duckdb")) as connection:
        connection.execute(f"create table daily_candlestick as select {values}")
        connection.execute("create table publication as select 'models' as key, 'models-1' as value")


def loaded(folder, query, provenance=SOURCE):
    with duckdb.connect() as connection:
        previous_version.load(connection, folder / "it's.duckdb", folder / "it's revisions", provenance)
        return connection.execute(query).fetchall()


def test_what_readers_have_lies_beside_the_new_version(folder):
    publish(folder)
    assert loaded(folder, "select coin_id, close, source from published.daily_candlestick") == [
        ("bitcoin", 1.5, SOURCE)
    ]
    assert loaded(folder, "from published.publication") == [("models", "models-1")]


def test_before_the_first_publication_there_is_nothing_to_compare_with(folder):
    assert loaded(folder, "from published.daily_candlestick") == loaded(folder, "from published.publication") == []


def test_candles_of_another_source_are_no_earlier_version(folder):
    publish(folder)
    assert loaded(folder, "from published.daily_candlestick", "CoinGecko") == []
    assert loaded(folder, "from published.publication", "CoinGecko") == []


def test_a_version_by_a_contract_without_these_columns_is_not_compared_with(folder):
    publish(folder, {"coin_id": "bitcoin", "source": SOURCE})
    assert loaded(folder, "from published.daily_candlestick") == []


def test_a_damaged_published_file_is_not_compared_with(folder):
    (folder / "it's.duckdb").write_bytes(b"damage" * 10_000)
    assert loaded(folder, "from published.daily_candlestick") == []


def test_the_ledger_is_all_its_files_of_this_source(folder):
    for name, source in (("one", SOURCE), ("two", SOURCE), ("three", "CoinGecko")):
        line = json.dumps(REVISION | {"new_value": name, "source": source})
        (folder / "it's revisions" / f"{name}.ndjson").write_text(line + "\n")
    assert sorted(loaded(folder, "select new_value from published.revisions")) == [("one",), ("two",)]


def test_a_damaged_file_of_the_ledger_costs_no_other(folder):
    for name in ("one", "three"):
        line = json.dumps(REVISION | {"new_value": name})
        (folder / "it's revisions" / f"{name}.ndjson").write_text(line + "\n")
    (folder / "it's revisions" / "two.ndjson").write_text('{"coin_id": "bit')
    assert loaded(folder, "select new_value from published.revisions") == [("one",), ("three",)]
