"""The data tests say of a database what dbt itself says, which runs them when one types `dbt test`."""

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from btc_pipeline.errors import CandleTestError
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import dbt_runner
from tests.support.built_world import BuiltWorld

pytestmark = pytest.mark.long

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
SPOILT = (
    "update daily_candlestick set high = low - 1 where date = date '2026-05-08'",
    "update daily_candlestick set points = 1, status = 'final' where date = date '2026-05-09'",
    "insert into daily_candlestick from daily_candlestick where date = date '2026-05-07'",
    "update int_prices_observed set price = price * 1.01 where date = date '2026-05-09'",
    "update int_prices_observed set price = 0 where observed_at::time between '05:00' and '06:00'",
    "delete from int_prices_observed where date = date '2026-05-08' and observed_at::time > '12:00'",
    "update int_series_compared set bps = 200 where date = date '2026-05-09'",
    "delete from candle_sources where date = date '2026-05-07'",
    "update pipeline.this_run set as_of = as_of + interval 1 day",
    "drop table price_gaps",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two coins, built once."""
    world = BuiltWorld(tmp_path_factory.mktemp("data tests"), NOW)
    world.keep(NOW, 3)
    world.keep(NOW, 3, coin_id="solana")
    world.keep_fine(NOW)
    world.build()
    return world


def by_the_pipeline(world):
    """The outcome of each data test: status, and failures if it says how many."""
    job = {"command": "test", "is_unit_tested": True}
    nodes = dbt_runner.run(world.settings, world.workspace, job, CandleTestError)["nodes"]
    return {node["name"]: of(node) for node in nodes if not node["name"].startswith("freshness:")}


def by_dbt(world, folder):
    """The same, from a process of dbt and the files that it leaves."""
    dbt = [str(Path(sys.executable).with_name("dbt")), "test", "--exclude-resource-type", "unit_test"]
    options = [
        "--project-dir",
        DBT_PROJECT,
        "--profiles-dir",
        DBT_PROJECT,
        "--target-path",
        folder,
        "--log-path",
        folder,
    ]
    given = ["--vars", json.dumps(world.settings.dbt_vars)]
    known = os.environ | {"BTC_PIPELINE_DATABASE": str(world.workspace.work)}
    ended = subprocess.run([*dbt, *map(str, options), *given], env=known, capture_output=True, text=True)
    assert ended.returncode in {0, 1}, ended.stdout
    nodes = json.loads((folder / "manifest.json").read_bytes())["nodes"]
    results = json.loads((folder / "run_results.json").read_bytes())["results"]
    return {name(nodes[result["unique_id"]]): of(result) for result in results if "test." in result["unique_id"]}


def name(node):
    """The name that the pipeline gives a test, from dbt's manifest."""
    metadata = node.get("test_metadata")
    if not metadata:
        return f"singular:{node['name']}"
    attached = (node["attached_node"] or node["depends_on"]["nodes"][-1]).split(".")
    of_source = ".".join(attached[-2:]) if attached[0] == "source" else attached[-1]
    return f"generic:{of_source}.{node['column_name'] or ''}.{metadata['name']}"


def of(outcome):
    """What counts of an outcome; the words of an error differ."""
    if outcome["status"] == "error":
        return ("error",)
    return outcome["status"], outcome["failures"], (outcome["message"] or "").removeprefix("Got ")


def test_of_a_good_database(world, tmp_path):
    ours = by_the_pipeline(world)
    assert ours == by_dbt(world, tmp_path)
    assert {status for status, *_ in ours.values()} <= {"pass", "warn"}
    assert len(ours) > 100


def test_of_a_database_with_many_faults(world, tmp_path):
    for sql in SPOILT:
        world.query(sql)
    ours = by_the_pipeline(world)
    theirs = by_dbt(world, tmp_path)
    assert ours == theirs
    assert {status for status, *_ in ours.values()} == {"pass", "warn", "fail", "error"}
