"""The published contract: tables, columns and types as written down, and changed with the version only."""

import json
from pathlib import Path

import yaml

from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.warehouse import contract

WRITTEN = json.loads((Path(__file__).resolve().parents[2] / "docs/contract.json").read_text(encoding="utf-8"))


def contract_of(table):
    (file,) = (DBT_PROJECT / "models").rglob(f"{table}.yml")
    (model,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    assert model["config"]["contract"]["enforced"] is True
    return {column["name"]: column["data_type"] for column in model["columns"]}


def test_the_written_contract_is_of_the_version_that_is_published():
    assert WRITTEN["version"] == contract.VERSION


def test_each_published_table_is_as_written_column_by_column():
    published = {table: list(contract_of(table).items()) for table in contract.TABLES}
    published |= {table: list(columns.items()) for table, columns in contract.RUN_TABLES.items()}
    assert published == {table: list(columns.items()) for table, columns in WRITTEN["tables"].items()}


def test_the_ledger_s_files_have_the_columns_of_the_table():
    assert contract_of("candle_revisions") == contract.REVISION


def test_the_last_good_candles_have_the_columns_of_the_table():
    assert contract_of("daily_candlestick") == contract.CANDLE
