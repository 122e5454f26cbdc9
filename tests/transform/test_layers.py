"""The layers of the models: what a change of each makes anew, and that no layer reads one above it."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.settings import reader
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import layers, unit_test_results
from tests.support.built_world import MODELS, BuiltWorld

NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in DBT_PROJECT.glob("models/**/*.sql")}


def test_a_model_of_points_reads_no_model_of_candles():
    read = {name: set(re.findall(r'ref\("(\w+)"\)', SOURCES[name])) for name in layers.models_of_points()}
    assert "int_prices_observed" in read
    assert {name: above for name, refs in read.items() if (above := refs - layers.models_of_points())} == {}


def test_what_keeps_its_rows_is_no_model_of_candles_or_looks_whether_it_has_any():
    """A candle model is dropped when one has changed. So it has to build all of its rows then."""
    kept = {name for name, sql in SOURCES.items() if "{{ this }}" in sql or 'materialized="incremental"' in sql}
    careless = {
        name for name in kept if not re.search(r"is_incremental|has_earlier_rows|last_number_in", SOURCES[name])
    }
    assert "int_candles_scored" in kept
    assert careless == set()


def test_no_setting_of_a_person_decides_about_a_row_that_is_kept():
    kept = [sql for sql in SOURCES.values() if "is_incremental" in sql or "has_earlier_rows" in sql]
    used = {name for sql in kept for name in re.findall(r'var\("(\w+)"\)', sql)}
    assert "jump_factor" in used
    assert used & reader.load().dbt_vars.keys() == set()


@pytest.mark.long
def test_other_models_of_candles_make_the_same_candles_of_the_stored_points(tmp_path):
    """The archive is not read again: one of its answers is gone, and the candles of its days are still there."""
    world = BuiltWorld(tmp_path, NOW)
    old = world.keep(NOW - timedelta(days=20), 7)
    world.keep(NOW, 7)
    world.build()
    tables = ("daily_candlestick", "candle_sources", "price_gaps", "price_anomalies", "second_opinions")
    before = [world.query(f"from {table} order by all") for table in tables]
    (world.workspace.raw / old.file).unlink()
    units = unit_test_results.known(world.workspace.dbt_target, MODELS)
    world.models = "other candles"
    unit_test_results.remember(world.workspace.dbt_target, world.models, units)
    world.build()
    assert [world.query(f"from {table} order by all") for table in tables] == before
    ((candles, under_test),) = world.query(
        "select count(*), count(*) filter ((coin_id, vs_currency, date) in"
        " (select (coin_id, vs_currency, date) from pipeline.days_under_test)) from daily_candlestick"
    )
    assert candles == under_test > 8
