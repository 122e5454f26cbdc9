"""The record of failed runs: written once for each, loaded as a table, of no harm when damaged."""

from dataclasses import replace
from datetime import date, datetime, timezone

import duckdb
import pytest

from btc_pipeline.errors import ExtractionError
from btc_pipeline.lake import failed_runs
from btc_pipeline.settings import reader

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
DAY = date(2026, 5, 15)
ERROR = ExtractionError("CoinGecko gave no market chart: it's down", url="http://127.0.0.1")


@pytest.fixture
def told():
    return replace(reader.load(), now=NOW, coins=("bitcoin", "ethereum"), source="sample")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "it's failures"


def loaded(folder, provenance="SAMPLE (synthetic)"):
    with duckdb.connect() as connection:
        connection.execute("create schema pipeline")
        failed_runs.load(connection, folder, provenance)
        return connection.execute(
            "select coins, step, exit_code, reason, window_from from pipeline.failed_runs"
        ).fetchall()


def test_a_failed_run_is_kept_with_what_it_would_have_asked(told, folder):
    failed_runs.keep(folder, told, DAY, "ExtractAndLoad", ERROR, told.pairs)
    assert loaded(folder) == [
        (["bitcoin", "ethereum"], "ExtractAndLoad", 20, "CoinGecko gave no market chart: it's down",
         datetime(2026, 5, 8))  # noqa: DTZ001 - naive, UTC
    ]  # fmt: skip


def test_a_failure_at_the_same_instant_is_one_failure(told, folder):
    failed_runs.keep(folder, told, DAY, "ExtractAndLoad", ERROR, told.pairs)
    failed_runs.keep(folder, told, DAY, "ExtractAndLoad", ERROR, told.pairs)
    assert len(loaded(folder)) == 1


def test_failures_of_another_source_are_left_out(told, folder):
    failed_runs.keep(folder, told, DAY, "ExtractAndLoad", ERROR, told.pairs)
    assert loaded(folder, "CoinGecko") == []


def test_a_damaged_record_is_left_out(told, folder):
    failed_runs.keep(folder, told, DAY, "ExtractAndLoad", ERROR, told.pairs)
    (folder / "damaged.ndjson").write_bytes(b"{no json\n")
    assert len(loaded(folder)) == 1


def test_without_failures_the_table_is_empty(folder):
    assert loaded(folder) == []
