"""The dbt project as it is written. What its models and tests come to is for dbt to say, in each run."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from btc_pipeline.settings import reader
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import declared_tests, meanings

PUBLIC_COLUMNS = {
    "coin_id": "varchar",
    "vs_currency": "varchar",
    "date": "date",
    "open": "double",
    "high": "double",
    "low": "double",
    "close": "double",
    "volume_24h": "double",
    "market_cap": "double",
    "points": "integer",
    "expected_points": "integer",
    "coverage": "double",
    "granularity": "varchar",
    "first_point_at": "timestamp",
    "last_point_at": "timestamp",
    "status": "varchar",
    "is_closed_by_live_point": "boolean",
    "extracted_at": "timestamp",
    "source": "varchar",
    "doubts": "varchar[]",
}
MAY_BE_NULL = {"volume_24h", "market_cap"}
TESTS_OF_DBT = {"unique", "not_null", "accepted_values", "relationships"}
CLOCK = r"\b(now|today|get_current_\w+|transaction_timestamp)\s*\(|\bcurrent_(date|time|timestamp)\b|\blocaltime"
ZONE = r"timestamptz|\btime\s+zone\b|\bto_timestamp\s*\(|\btimezone\s*\("

MODELS = sorted((DBT_PROJECT / "models").rglob("*.sql"))
SINGULAR_TESTS = sorted((DBT_PROJECT / "tests").glob("*.sql"))
GENERIC_TESTS = sorted((DBT_PROJECT / "tests/generic").glob("*.sql"))
MACROS = sorted((DBT_PROJECT / "macros").rglob("*.sql"))


def for_each(files: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", files, ids=lambda file: file.stem)


def properties(model: Path) -> dict[str, Any]:
    models = yaml.safe_load(model.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    assert [described["name"] for described in models] == [model.stem]
    return dict(models[0])


def code(file: Path) -> str:
    """The file without its comments."""
    text = re.sub(r"\{#.*?#\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"--.*", "", text)


def declared() -> Counter[str]:
    return declared_tests.declared(DBT_PROJECT)


# --- models


@for_each([*MODELS, *SINGULAR_TESTS, *GENERIC_TESTS])
def test_no_window_has_a_filter(file):
    """DuckDB counts `count(*) filter (…) over (…)` anew for each row; a sum of integers it carries along."""
    assert re.findall(r"\bfilter\s*\([^()]*\)\s*over\b", code(file)) == []


@for_each(MODELS)
def test_a_model_is_described_beside_it_and_opens_with_its_grain(file):
    assert properties(file)["description"].startswith("One row per ")


@for_each(MODELS)
def test_each_column_is_described(file):
    columns = properties(file)["columns"]
    assert columns
    assert [column["name"] for column in columns if not column.get("description")] == []


@for_each(MODELS)
def test_only_staging_reads_sources(file):
    assert ("source(" in code(file)) == (file.parent.name == "staging")


@for_each(MODELS + MACROS + SINGULAR_TESTS + GENERIC_TESTS)
def test_no_result_depends_on_the_clock_or_the_zone_of_the_machine(file):
    assert not re.search(f"{CLOCK}|{ZONE}", code(file), re.IGNORECASE)


@for_each(MODELS + SINGULAR_TESTS)
def test_the_last_line_selects_all_of_one_cte(file):
    assert re.search(r"\n\nselect\b[^;]*\nfrom \w+(\norder by .*)?\n$", file.read_text(encoding="utf-8"))


def test_the_profile_sets_utc():
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))["btc_pipeline"]
    assert {output["settings"]["TimeZone"] for output in profile["outputs"].values()} == {"UTC"}


# --- the contract


def candlestick() -> dict[str, Any]:
    return properties(DBT_PROJECT / "models/marts/daily_candlestick.sql")


def test_the_contract_of_the_public_table_is_enforced():
    assert candlestick()["config"]["contract"]["enforced"] is True


def test_the_public_columns_are_the_agreed_ones_in_order():
    columns = {column["name"]: column["data_type"] for column in candlestick()["columns"]}
    assert list(columns.items()) == list(PUBLIC_COLUMNS.items())


def test_only_volume_and_market_cap_may_be_unknown():
    without = {column["name"] for column in candlestick()["columns"] if "constraints" not in column}
    constraints = [column["constraints"] for column in candlestick()["columns"] if "constraints" in column]
    assert without == MAY_BE_NULL
    assert all(each == [{"type": "not_null"}] for each in constraints)


# --- tests


@pytest.mark.parametrize("kind", ["unit", "singular", "generic"])
def test_the_census_finds_tests_of_each_kind(kind):
    assert sum(number for name, number in declared().items() if name.startswith(f"{kind}:")) > 5


def test_the_census_misses_no_key_that_declares_tests():
    files = [file.read_text(encoding="utf-8") for file in (DBT_PROJECT / "models").rglob("*.yml")]
    assert not any(re.search(r"^\s*tests:", text, re.MULTILINE) for text in files)
    assert sum(len(re.findall(r"^    model: ", text, re.MULTILINE)) for text in files) == sum(
        number for name, number in declared().items() if name.startswith("unit:")
    )


def test_each_generic_test_is_used_and_each_one_used_exists():
    used = {name.rpartition(".")[2] for name in declared() if name.startswith("generic:")}
    assert used - TESTS_OF_DBT == {file.stem for file in GENERIC_TESTS}


@for_each(GENERIC_TESTS)
def test_a_generic_test_says_in_one_line_what_it_asserts(file):
    first, second, *_ = file.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"\{#- .+\. -#\}", first)
    assert second.startswith(f"{{% test {file.stem}(model")


@for_each(SINGULAR_TESTS)
def test_a_singular_test_is_named_by_its_claim_and_explained(file):
    assert file.stem.startswith("assert_")
    assert file.read_text(encoding="utf-8").startswith("-- ")


@for_each(SINGULAR_TESTS)
def test_a_singular_test_says_itself_what_its_failure_means(file):
    config = re.findall(r"\{\{ config\((.*?)\) \}\}", file.read_text(encoding="utf-8"), re.DOTALL)
    (meaning,) = re.findall(r'"failure": "(\w+)"', "".join(config))
    assert meaning in meanings.SEVERITIES
    assert ('severity="warn"' in config[0]) == (meanings.SEVERITIES[meaning] == "warn")


def test_what_the_generic_tests_mean_by_default_is_no_default_of_the_singular_ones():
    folders = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["data_tests"]
    assert set(folders["btc_pipeline"]) == {folder.name for folder in (DBT_PROJECT / "models").glob("*/")}


@for_each(MODELS)
def test_the_grain_of_each_model_is_tested(file):
    described = properties(file)
    combinations = [test for test in described.get("data_tests", []) if "unique_combination" in test]
    keys = [column for column in described["columns"] if "unique" in column.get("data_tests", [])]
    assert combinations or keys


def test_the_settings_that_dbt_is_told_have_the_defaults_of_the_project_file():
    defaults = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    told = reader.load().dbt_vars
    assert told == {name: defaults[name] for name in told}
