"""A removed answer leaves no trace: the tables are as if it had never been loaded.

The answers are put into the archive as an extraction would; from there on it is the real loader, dbt and tests.
"""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import raw_archive
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import dbt_build, loader
from btc_pipeline.warehouse import duckdb_files
from tests.publish.test_swap import SETTINGS

pytestmark = pytest.mark.long

COIN = "bitcoin"
NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
LATER = NOW + timedelta(days=1)
MODELS = Transform(date=NOW.date()).sources_hash()  # whose unit tests have run when the project was installed

# The load numbers of a version's answers differ, and nothing else may
TABLES = {
    "int_prices_observed": "* exclude (load_number)",
    "daily_candlestick": "*",
    "candle_sources": "*",
    "price_gaps": "*",
    "price_anomalies": "*",
}


class World:
    """A workspace whose archive gets answers, and what each build makes of them."""

    def __init__(self, folder):
        self.workspace = Workspace(folder / "data", "sample")
        self.workspace.temporary.mkdir(parents=True)
        self.settings = replace(SETTINGS, data_dir=self.workspace.root.parent, now=LATER)

    def keep(self, now, days, change=lambda chart: None):
        start = datetime.combine(now.date() - timedelta(days=days), datetime.min.time(), timezone.utc)
        provenance, stream = self.settings.provenance, streams.MARKET_CHART
        request = raw_archive.Request(COIN, "usd", now.date(), start, now, now, provenance, stream)
        chart = synthetic.market_chart(COIN, "usd", start, now, now)
        change(chart)
        return raw_archive.keep(self.workspace.raw, request, json.dumps(chart).encode())

    def build(self):
        build = dbt_build.Build("Transform", LATER.date(), "good", MODELS, until=LATER)
        dbt_build.build(self.settings, self.workspace, build)

    def remove(self, entry):
        (self.workspace.raw / entry.file).unlink()
        with duckdb_files.opened(self.workspace.work, read_only=False) as connection:
            loader.forget(connection, [entry.file])

    def tables(self):
        with duckdb.connect(str(self.workspace.work), read_only=True) as connection:
            return {
                name: connection.execute(f"select {columns} from {name} order by all").fetchall()
                for name, columns in TABLES.items()
            }

    def query(self, sql):
        with duckdb.connect(str(self.workspace.work), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def dearer(chart):
    for point in chart["prices"]:
        point[1] *= 1.01


@pytest.fixture(scope="module")
def never_there(tmp_path_factory):
    """What two good answers make."""
    world = World(tmp_path_factory.mktemp("never"))
    world.keep(NOW, 3)
    world.keep(LATER, 2)
    world.build()
    return world.tables()


@pytest.fixture(scope="module")
def removed(tmp_path_factory):
    """The same answers, and one with other prices, loaded between them, that is removed afterwards."""
    world = World(tmp_path_factory.mktemp("removed"))
    world.keep(NOW, 3)
    bad = world.keep(NOW + timedelta(hours=1), 5, dearer)
    world.build()
    with_the_bad_one = world.tables()
    world.keep(LATER, 2)
    world.remove(bad)
    world.build()
    return world, with_the_bad_one


def test_while_it_is_there_the_tables_differ(removed, never_there):
    _, with_the_bad_one = removed
    assert with_the_bad_one["daily_candlestick"] != never_there["daily_candlestick"]
    days = {row[2] for row in with_the_bad_one["daily_candlestick"]}
    assert date(2026, 5, 5) in days  # which no other answer has points of


@pytest.mark.parametrize("table", TABLES)
def test_once_it_is_removed_each_table_is_as_if_it_had_never_been_there(table, removed, never_there):
    world, _ = removed
    assert world.tables()[table] == never_there[table]


def test_a_build_leaves_no_day_to_be_made_anew(removed):
    world, _ = removed
    assert world.query("from pipeline.touched_days") == []


def test_no_load_number_is_used_twice(removed):
    world, _ = removed
    assert world.query("select load_number from raw.market_chart order by all") == [(1,), (3,)]
