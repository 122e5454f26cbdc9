"""What each test of the project says of its failure, as dbt knows it, and whether its rows have what it promises."""

import fnmatch
import json
from datetime import datetime, timezone

import duckdb
import pytest

from btc_pipeline.transform import data_tests, dbt_build, failing_rows, meanings
from tests.support.built_world import MODELS, BuiltWorld

pytestmark = pytest.mark.long

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
PLACE = {"coin_id", "vs_currency"}
POINT = PLACE | {"granularity", "observed_ms", "price"}
"""By these a row of an `answer` is led back to the answers; its `load_number` to one of them."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A workspace whose tests have run: the outcome of each test, and a function that gives the columns of its rows."""
    world = BuiltWorld(tmp_path_factory.mktemp("meanings"), NOW)
    world.keep(NOW, 3)
    build = dbt_build.Build("Transform", NOW.date(), "good", MODELS, until=NOW)
    dbt_build.build(world.settings, world.workspace, build)
    tests = json.loads(world.workspace.test_results.read_bytes())["tests"]
    return [test for test in tests if not test["name"].startswith(("unit:", "freshness:"))], world


def columns(world, name):
    """The columns of the rows that a test lists, by the SQL that dbt has compiled."""
    kind, _, rest = name.partition(":")
    of, _, column_and_test = rest.partition(".")
    column, _, test = column_and_test.partition(".")
    pattern = f"test.btc_pipeline.{rest}" if kind == "singular" else f"test.btc_pipeline.{test}_{of}_*{column}*"
    compiled = json.loads((world.workspace.dbt_target / data_tests.RECORD).read_bytes())["sql"]
    (sql,) = (compiled[unique_id] for unique_id in fnmatch.filter(compiled, pattern))
    with duckdb.connect(str(world.workspace.work), read_only=True) as connection:
        return {column for column, *_ in connection.execute(f"describe {sql}").fetchall()}


def test_each_data_test_says_what_its_failure_means(built):
    tests, _ = built
    assert {test["meaning"] for test in tests} == {meanings.ANSWER, meanings.DOUBT, meanings.OURS}
    assert [test["name"] for test in tests if meanings.SEVERITIES.get(test["meaning"]) != test["severity"]] == []


def test_the_rows_of_each_answer_have_its_points(built):
    tests, world = built
    names = [test["name"] for test in tests if test["meaning"] == meanings.ANSWER]
    assert [name for name in names if POINT - columns(world, name)] == []


def test_the_rows_of_each_doubt_have_its_coin_and_day(built):
    tests, world = built
    names = [test["name"] for test in tests if test["meaning"] == meanings.DOUBT]
    found = {name: columns(world, name) for name in names}
    assert len(found) > 5
    assert [name for name, has in found.items() if not has >= PLACE or not has & set(failing_rows.DAYS)] == []
