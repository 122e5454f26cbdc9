"""When a build counts as complete: the marker row says what is in the table, and is written last of all."""

from pathlib import Path

import pytest

from btc_pipeline.transform import dbt_process, tables
from btc_pipeline.warehouse import duckdb_files

ROWS = "select number, step, day::varchar, fingerprint, stamp, row_count from pipeline.markers order by number"
BUILT = [{"kind": "model", "status": "success"}, {"kind": "seed", "status": "success"}]
FAILED_TEST = {"kind": "test", "status": "fail"}


@pytest.fixture
def database(tmp_path):
    """A database with two candles and the marker row of a build that is under way."""
    path = tmp_path / "crypto_data.duckdb"
    with duckdb_files.opened(path, read_only=False) as connection:
        tables.create(connection)
        connection.execute("create table main.daily_candlestick as select unnest([1, 2]) as close")
        connection.execute("insert into pipeline.pending_marker values ('Transform', '2026-05-15', 'abc', 'now')")
    return path


def rows_of(database: Path):
    with duckdb_files.opened(database, read_only=True) as connection:
        return connection.execute(ROWS).fetchall()


def test_a_build_of_all_models_is_marked_and_what_the_tests_say_is_for_the_step_test(database):
    dbt_process._mark(database, [*BUILT, FAILED_TEST])
    assert rows_of(database) == [(1, "Transform", "2026-05-15", "abc", "now", 2)]


@pytest.mark.parametrize("status", ["error", "skipped"])
def test_a_build_that_lacks_a_model_is_not_marked(database, status):
    dbt_process._mark(database, [*BUILT, {"kind": "model", "status": status}])
    assert rows_of(database) == []


def test_a_build_of_nothing_is_not_marked(database):
    dbt_process._mark(database, [FAILED_TEST])
    assert rows_of(database) == []


def test_a_build_is_marked_once_and_a_later_one_takes_its_place(database):
    dbt_process._mark(database, BUILT)
    dbt_process._mark(database, BUILT)  # nothing is pending
    assert len(rows_of(database)) == 1
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute("insert into pipeline.pending_marker values ('Transform', '2026-05-15', 'def', 'later')")
    dbt_process._mark(database, BUILT)
    assert rows_of(database) == [(1, "Transform", "2026-05-15", "def", "later", 2)]
