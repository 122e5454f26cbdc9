"""A long history in slices: the same tables as in one go, no slice twice, and after a kill the others."""

from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.errors import TransformationError
from btc_pipeline.transform import dbt_runner, layers, slices, tables, touched_days
from btc_pipeline.warehouse import duckdb_files
from tests.support import sliced_dbt_process
from tests.support.built_world import BuiltWorld
from tests.support.sliced_dbt_process import KILLED_AFTER

NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "dbt.duckdb"
    with duckdb_files.opened(path, read_only=False) as connection:
        tables.create(connection)
    return path


def answered(database, number, coin, first, days, points):
    """An answer of so many points, for so many days in May from the first one on; all of them are touched."""
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(
            "insert into raw.market_chart by name select ? as load_number, '' as archive_file, '' as sha256,"
            " 'SAMPLE' as source, ? as coin_id, 'usd' as vs_currency, 'hourly' as granularity,"
            " make_timestamp(2026, 5, ?, 0, 0, 0) as window_from, window_from + to_days(?) - interval 1 second"
            " as window_to, window_to as extracted_at, window_to as newest_point_at, window_to::date as run_date,"
            " ? as points, []::double[][] as prices",
            [number, coin, first, days, points],
        )
        touched_days.touch_loaded(connection, [number])


class Runs:
    """In place of dbt: notes the days of each slice."""

    def __init__(self, database, bad=None):
        self.database, self.bad, self.answers, self.days, self.reports = database, bad, [], [], []

    def __call__(self, selection):
        if selection == layers.POINTS_OF_ANSWERS:
            self.answers += limit(self.database)
            return self.bad != 0
        with duckdb_files.opened(self.database, read_only=True) as connection:
            found = connection.execute(f"select coin_id, day(date) from {tables.SLICE} order by all").fetchall()
        self.days.append([f"{coin} {day}" for coin, day in found])
        return len(self.days) != self.bad

    def report(self, *what):
        self.reports.append(what)


def limit(database):
    """The load number up to which the next build unpacks answers, as a row; none, if it is all."""
    with duckdb_files.opened(database, read_only=True) as connection:
        return connection.execute(f"from {tables.SLICE_OF_ANSWERS}").fetchall()


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(slices, "POINTS", 100)
    monkeypatch.setattr(slices, "FEW_DAYS", 3)


def test_few_days_are_left_to_the_build(small, database):
    answered(database, 1, "bitcoin", first=1, days=3, points=9000)
    runs = Runs(database)
    slices.build(database, runs, runs.report)
    assert runs.days == []


def test_a_slice_has_whole_days_of_all_coins_until_it_has_its_points(small, database):
    answered(database, 1, "bitcoin", first=1, days=4, points=200)  # 50 a day
    answered(database, 2, "solana", first=2, days=1, points=40)
    runs = Runs(database)
    slices.build(database, runs, runs.report)
    assert runs.days == [["bitcoin 1", "bitcoin 2", "solana 2"], ["bitcoin 3", "bitcoin 4"]]
    assert runs.reports == [(3, 5, "points up to 2026-05-02"), (5, 5, "points up to 2026-05-04")]


def test_the_answers_are_unpacked_first_so_many_points_at_a_time(small, database):
    for number, points in enumerate((60, 60, 10, 500, 1), start=1):
        answered(database, number, "bitcoin", first=number, days=1, points=points)
    runs = Runs(database)
    slices.build(database, runs, runs.report)
    assert runs.answers == [(2,), (4,), (5,)]
    assert limit(database) == []


def test_if_answers_cannot_be_unpacked_the_build_says_so(small, database):
    answered(database, 1, "bitcoin", first=1, days=4, points=200)
    runs = Runs(database, bad=0)
    slices.build(database, runs, runs.report)
    assert (runs.answers, runs.days) == ([(1,)], [])
    assert limit(database) == []


def test_a_day_with_more_points_than_a_slice_is_one(small, database):
    answered(database, 1, "bitcoin", first=1, days=4, points=4000)
    runs = Runs(database)
    slices.build(database, runs, runs.report)
    assert [len(each) for each in runs.days] == [1, 1, 1, 1]


def test_after_a_slice_that_failed_the_build_takes_over_and_the_next_one_goes_on_with_the_others(small, database):
    answered(database, 1, "bitcoin", first=1, days=8, points=400)
    runs = Runs(database, bad=2)
    slices.build(database, runs, runs.report)
    assert runs.days == [["bitcoin 1", "bitcoin 2"], ["bitcoin 3", "bitcoin 4"]]
    again = Runs(database)
    slices.build(database, again, again.report)
    assert [each[0] for each in again.days] == ["bitcoin 3", "bitcoin 5", "bitcoin 7"]


def test_a_day_that_is_touched_again_is_made_again_and_one_that_is_vouched_for_is_not(small, database):
    answered(database, 1, "bitcoin", first=1, days=4, points=100)
    slices.build(database, Runs(database), print)
    answered(database, 2, "bitcoin", first=2, days=4, points=100)
    runs = Runs(database)
    slices.build(database, runs, runs.report)
    assert runs.days == [["bitcoin 2", "bitcoin 3"], ["bitcoin 4", "bitcoin 5"]]
    touched_days.vouch(database)
    answered(database, 3, "bitcoin", first=1, days=1, points=100)
    after = Runs(database)
    slices.build(database, after, after.report)
    assert after.days == []
    with duckdb_files.opened(database, read_only=True) as connection:
        assert connection.execute(f"select count(*) from {tables.DAYS_MADE}").fetchall() == [(0,)]


@pytest.fixture
def in_slices(monkeypatch):
    """From now on dbt's process makes slices of few points."""
    dbt = dbt_runner._dbt

    def sliced(settings, workspace):
        _, log, preparation = dbt(settings, workspace)
        return sliced_dbt_process.__name__, log, preparation

    return lambda: monkeypatch.setattr(dbt_runner, "_dbt", sliced)


@pytest.mark.long
def test_in_slices_the_same_comes_out_and_after_a_kill_no_slice_is_made_twice(tmp_path, in_slices, monkeypatch):
    """Two coins and both series, with answers that overlap and one that revises points across the edges of slices."""
    at_once, sliced = (BuiltWorld(tmp_path / name, NOW) for name in ("at_once", "sliced"))
    for world in (at_once, sliced):
        for ago in (20, 12, 5, 0):
            for coin in ("bitcoin", "solana"):
                world.keep(NOW - timedelta(days=ago), 9, _revise if ago == 5 else _leave, coin_id=coin)
                world.keep_fine(NOW - timedelta(days=ago), coin_id=coin)
    at_once.build()
    in_slices()
    monkeypatch.setenv(KILLED_AFTER, "2")
    with pytest.raises(TransformationError):
        sliced.build()
    made = sliced.query(f"select rowid from int_prices_observed semi join {tables.DAYS_MADE} using (date) order by all")
    assert 300 < len(made) < 1500
    monkeypatch.delenv(KILLED_AFTER)
    sliced.build()
    kept = sliced.query("select rowid from int_prices_observed order by all limit " + str(len(made)))
    assert kept == made
    found = at_once.query(
        "select table_name from information_schema.tables where table_schema = 'main'"
        " and table_name not like 'stg_pipeline%' order by all"
    )
    assert ("int_prices_observed",) in found
    for (table,) in found:
        assert _rows(sliced, table) == _rows(at_once, table), table
    assert sliced.query(f"select count(*) from {tables.SLICE}") == [(0,)]


def _rows(world, table):
    """The rows, without the build's name."""
    return world.query(f"select columns(lambda name: name <> 'build') from {table} order by all")


def _leave(_chart):
    """As it is."""


def _revise(chart):
    """Another price at each tenth point."""
    for point in chart["prices"][::10]:
        point[1] *= 1.001
