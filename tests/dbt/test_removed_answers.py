"""A removed answer leaves no trace: the tables are as if it had never been loaded.

The answers are put into the archive as an extraction would; from there on it is the real loader, dbt and tests.
"""

from datetime import date, datetime, timedelta, timezone

import pytest

from tests.support.built_world import BuiltWorld

pytestmark = pytest.mark.long

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
AN_HOUR_LATER, LATER = NOW + timedelta(hours=1), NOW + timedelta(days=1)

# The load numbers of a version's answers differ, and nothing else may
TABLES = {
    "int_prices_observed": "* exclude (load_number)",
    "daily_candlestick": "*",
    "candle_sources": "*",
    "price_gaps": "*",
    "price_anomalies": "*",
}


def tables_of(world):
    return {name: world.query(f"select {columns} from {name} order by all") for name, columns in TABLES.items()}


def dearer(chart):
    for point in chart["prices"]:
        point[1] *= 1.01


@pytest.fixture(scope="module")
def never_there(tmp_path_factory):
    """What two good answers make."""
    world = BuiltWorld(tmp_path_factory.mktemp("never"), LATER)
    world.keep(NOW, 3)
    world.keep(LATER, 2)
    world.build()
    return tables_of(world)


@pytest.fixture(scope="module")
def removed(tmp_path_factory):
    """The same answers, and one with other prices, loaded between them, that is removed afterwards."""
    world = BuiltWorld(tmp_path_factory.mktemp("removed"), LATER)
    world.keep(NOW, 3)
    bad = world.keep(AN_HOUR_LATER, 5, dearer)
    world.build(AN_HOUR_LATER)
    with_the_bad_one = tables_of(world)
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
    assert tables_of(world)[table] == never_there[table]


def test_a_build_leaves_no_day_to_be_made_anew(removed):
    world, _ = removed
    assert world.query("from pipeline.touched_days") == []


def test_no_load_number_is_used_twice(removed):
    world, _ = removed
    assert world.query("select load_number from raw.market_chart order by all") == [(1,), (3,)]
