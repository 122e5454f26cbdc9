"""The census: what a dbt project declares, counted from its files alone."""

from collections import Counter

import pytest

from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import declared_tests


@pytest.fixture
def project(tmp_path):
    """An empty dbt project."""
    (tmp_path / "models").mkdir()
    return tmp_path


def declared(project, yml, path="models/some.yml"):
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_text(yml)
    return declared_tests.declared(project)


def test_a_project_without_tests_declares_none(project):
    assert declared_tests.declared(project) == Counter()


@pytest.mark.parametrize("yml", ["", "# nothing yet\n", "version: 2\n", "models: []\n", "models:\n  - name: prices\n"])
def test_properties_without_tests_declare_none(yml, project):
    assert declared(project, yml) == Counter()


def test_a_test_of_a_column_is_named_by_model_column_and_test(project):
    yml = "models: [{name: prices, columns: [{name: id, data_tests: [unique, not_null]}]}]"
    assert declared(project, yml) == Counter(["generic:prices.id.unique", "generic:prices.id.not_null"])


def test_a_test_of_a_model_has_no_column(project):
    assert declared(project, "models: [{name: prices, data_tests: [unique_combination]}]") == Counter(
        ["generic:prices..unique_combination"]
    )


def test_a_test_with_arguments_is_named_like_one_without(project):
    yml = "models: [{name: prices, columns: [{name: id, data_tests: [{accepted_values: {arguments: {values: [1]}}}]}]}]"
    assert declared(project, yml) == Counter(["generic:prices.id.accepted_values"])


def test_a_test_that_is_declared_twice_counts_twice(project):
    yml = "models: [{name: prices, data_tests: [{between: {lower: a}}, {between: {lower: b}}]}]"
    assert declared(project, yml) == Counter({"generic:prices..between": 2})


def test_tests_of_sources_are_named_by_source_and_table(project):
    yml = "sources: [{name: raw, tables: [{name: chart, data_tests: [a], columns: [{name: id, data_tests: [b]}]}]}]"
    assert declared(project, yml) == Counter(["generic:raw.chart..a", "generic:raw.chart.id.b"])


def test_unit_tests_are_named_by_themselves(project):
    assert declared(project, "unit_tests: [{name: a_day_ends_at_midnight, model: prices}]") == Counter(
        ["unit:a_day_ends_at_midnight"]
    )


def test_singular_tests_are_the_sql_files_of_the_tests_folder(project):
    for path in ("tests/assert_no_gap.sql", "tests/generic/within.sql", "tests/assert_no_gap.yml", "models/prices.sql"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text("select 1")
    (project / "tests/assert_no_gap.yml").write_text("")
    assert declared_tests.declared(project) == Counter(["singular:assert_no_gap"])


def test_properties_are_found_in_every_folder_of_models(project):
    declared(project, "models: [{name: a, data_tests: [t]}]", "models/staging/a.yml")
    assert declared(project, "models: [{name: b, data_tests: [t]}]", "models/marts/deep/b.yml") == Counter(
        ["generic:a..t", "generic:b..t"]
    )


def test_what_dbt_has_compiled_is_not_counted(project):
    assert declared(project, "models: [{name: a, data_tests: [t]}]", "target/models/a.yml") == Counter()


# --- The project's own


def test_the_project_declares_tests_of_each_kind():
    kinds = Counter(name.partition(":")[0] for name in declared_tests.declared(DBT_PROJECT))
    assert kinds["generic"] > 20
    assert kinds["unit"] > 5


@pytest.mark.parametrize("name", ["tests", "*.yaml"])
def test_the_project_declares_nothing_in_a_way_that_the_census_does_not_see(name):
    """`tests:` is the old name of `data_tests:`, .yaml another ending: dbt reads both."""
    if name == "tests":
        files = [path for path in (DBT_PROJECT / "models").rglob("*.yml") if "\n    tests:" in path.read_text()]
    else:
        files = [path for path in DBT_PROJECT.rglob("*.yaml") if "target" not in path.parts]
    assert files == []


def test_no_singular_test_of_the_project_lies_where_the_census_does_not_look():
    assert [path for path in (DBT_PROJECT / "tests").glob("*/**/*.sql") if path.parts[-2] != "generic"] == []
