"""What dbt's own commands leave to be judged, with a small project of its own, in a process of its own."""

import json
import subprocess
import sys

import duckdb
import pytest

from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import tables

pytestmark = pytest.mark.long

PROPERTIES = """
models:
  - name: prices
    columns:
      - name: price
        data_tests:
          - accepted_values:
              arguments: {values: ['1.5', "{{ var('also') }}"]}
              config: {severity: error, meta: {failure: answer}}
  - name: numbers
    columns: [{name: price, data_tests: [not_null]}]
  - name: others
    columns: [{name: price, data_tests: [not_null]}]
"""
PROJECT = """
name: small
profile: btc_pipeline
model-paths: [models]
models: {small: {+materialized: table}}
vars: {also: '3.5'}
"""
SCRIPT = """
import json, sys
from btc_pipeline.transform import dbt_session
dbt = dbt_session.Dbt(json.loads(sys.argv[1]))
invoked, invoke = [], dbt._invoke
dbt._invoke = lambda command, *given, **more: invoked.append(command) or invoke(command, *given, **more)
statuses = {node["name"]: node["status"] for node in dbt.build(is_unit_tested=True)}
sql = {test.name: test.sql for test in dbt.tests()}
print(json.dumps({"error": dbt.error, "invoked": invoked, "statuses": statuses, "sql": sql}))
"""
GOOD = {"prices": "select '1.5' as price", "numbers": "select 1 as price", "others": "select 2 as price"}


@pytest.fixture
def built(tmp_path):
    """A function that builds this SQL of the models: what was invoked, how the nodes went, the SQL of the tests."""
    project, target = tmp_path / "project", str(tmp_path / "target")
    (project / "models").mkdir(parents=True)
    (project / "profiles.yml").write_text((DBT_PROJECT / "profiles.yml").read_text())
    given = {"project": str(project), "target": target, "logs": target, "vars": "{}"}
    given["database"] = str(tmp_path / "work/crypto_data.duckdb")
    (tmp_path / "work").mkdir()
    with duckdb.connect(given["database"]) as connection:
        tables.create(connection)

    def build(models, properties=PROPERTIES, settings=PROJECT):
        (project / "dbt_project.yml").write_text(settings)
        (project / "models/properties.yml").write_text(properties)
        for model, sql in models.items():
            (project / f"models/{model}.sql").write_text(sql)
        command = [sys.executable, "-c", SCRIPT, json.dumps(given)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(ended.stdout.splitlines()[-1])
        assert found["error"] == ""
        return found

    return build


def test_a_model_that_bad_rows_have_broken_is_skipped_and_the_test_of_the_rows_fails(built):
    broken_by_rows = "select price::double as price from {{ ref('prices') }}"
    found = built({"prices": "select 'a lot' as price", "numbers": broken_by_rows, "others": "select 1 as price"})
    assert found["statuses"] == {
        "prices": "success",
        "numbers": "skipped",
        "others": "success",
        "generic:prices.price.accepted_values": "fail",
        "generic:numbers.price.not_null": "skipped",
        "generic:others.price.not_null": "pass",
    }


def test_a_model_that_is_broken_itself_is_an_error(built):
    broken = "select cost from {{ ref('prices') }}"
    found = built({"prices": "select '1.5' as price", "numbers": broken, "others": "from {{ ref('numbers') }}"})
    assert found["statuses"] == {
        "prices": "success",
        "numbers": "error",
        "others": "skipped",
        "generic:prices.price.accepted_values": "pass",
        "generic:numbers.price.not_null": "skipped",
        "generic:others.price.not_null": "skipped",
    }


def test_the_tests_are_compiled_once_for_a_project(built):
    first, again = built(GOOD), built(GOOD)
    assert (first["invoked"].count("compile"), again["invoked"].count("compile")) == (1, 0)
    assert again["sql"] == first["sql"]
    changed = built(GOOD, PROPERTIES.replace("'1.5'", "'2.5'"))
    assert changed["invoked"].count("compile") == 1
    assert "2.5" in changed["sql"]["generic:prices.price.accepted_values"]
    assert changed["statuses"]["generic:prices.price.accepted_values"] == "fail"


def test_a_var_of_the_project_is_compiled_anew(built):
    models = GOOD | {"prices": "select '3.5' as price"}
    first, changed = built(models), built(models, settings=PROJECT.replace("3.5", "4.5"))
    assert changed["invoked"].count("compile") == 1
    found = [each["statuses"]["generic:prices.price.accepted_values"] for each in (first, changed)]
    assert found == ["pass", "fail"]
