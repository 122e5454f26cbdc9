"""The tables of dbt's database that dbt does not make: raw answers, marker rows, the loader's notes for the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from btc_pipeline.warehouse import marker_rows

if TYPE_CHECKING:
    from btc_pipeline.warehouse import duckdb_files

RAW_TABLE = "raw.market_chart"
OHLC_TABLE = "raw.ohlc"
MARKERS = "pipeline.markers"
TOUCHED_DAYS = "pipeline.touched_days"
DAYS_MADE = "pipeline.days_made"
SLICE = "pipeline.slice_of_days"
SLICE_OF_ANSWERS = "pipeline.slice_of_answers"

DAY_OF_WINDOW = "unnest(generate_series(window_from::date, window_to::date, interval 1 day))::date"
"""Each UTC day that an answer was requested for, as an expression."""

# One row for each answer; load_number counts them in the order of loading, and none is used twice. Timestamps are UTC.
# The arrays are kept as numbers, which take a quarter of their text. points is how many elements prices has: so a model
# that counts them reads none.
# A day is touched if an answer with points of it was loaded or removed since the last build that passed its tests: the
# models make it anew. Of a long history the points are made in slices (`slices`): days_made are the touched days whose
# points are made since they were touched, slice_of_days those that are being made, or none. slice_of_answers says up
# to which load number answers are unpacked, if not all of them.
# The days under test are those that the data tests look at (`days_under_test`); tests_run is the version of the tests
# that ran last, tests_vouched the one that all days but the touched ones have passed.
# An answer is removed if it was loaded once: the models forget its points; noted as long as its days are touched.
# An answer is decided about if the ledger of exceptions has an entry for it.
# A day is not proved if the newest proof has got another candle, or another row about it, from the archive.
# A day is distrusted if a test of it has failed: the next load takes its answers again.
_DDL = f"""
    create schema if not exists raw;
    create schema if not exists pipeline;
    create table if not exists {RAW_TABLE} (
        load_number integer not null, archive_file varchar not null, sha256 varchar not null,
        source varchar not null, coin_id varchar not null, vs_currency varchar not null,
        granularity varchar not null, window_from timestamp not null, window_to timestamp not null,
        extracted_at timestamp not null, newest_point_at timestamp not null, run_date date not null,
        points integer not null, prices double[][] not null, market_caps double[][], total_volumes double[][]
    );
    create table if not exists {OHLC_TABLE} (
        load_number integer not null, archive_file varchar not null, sha256 varchar not null, source varchar not null,
        coin_id varchar not null, vs_currency varchar not null, extracted_at timestamp not null, candles json not null
    );
    create sequence if not exists pipeline.load_numbers;
    create table if not exists {TOUCHED_DAYS} (
        coin_id varchar not null, vs_currency varchar not null, date date not null
    );
    create table if not exists {DAYS_MADE} (
        coin_id varchar not null, vs_currency varchar not null, date date not null
    );
    create table if not exists {SLICE} (
        coin_id varchar not null, vs_currency varchar not null, date date not null
    );
    create table if not exists {SLICE_OF_ANSWERS} (last_number integer not null);
    create table if not exists pipeline.days_under_test (
        coin_id varchar not null, vs_currency varchar not null, date date not null
    );
    create table if not exists pipeline.tests_run (version varchar not null);
    create table if not exists pipeline.tests_vouched (version varchar not null);
    create table if not exists pipeline.removed_answers (
        load_number integer not null, coin_id varchar not null, vs_currency varchar not null
    );
    create table if not exists pipeline.built_from (version varchar);
    create table if not exists pipeline.distrusted_days (
        coin_id varchar not null, vs_currency varchar not null, date date not null, is_mended boolean not null
    );
    create table if not exists pipeline.decided_answers (
        archive_file varchar not null, action varchar not null, "check" varchar not null, number integer not null,
        coin_id varchar, vs_currency varchar, first_day date, last_day date
    );
    create table if not exists pipeline.pending_marker (
        step varchar, day date, fingerprint varchar, stamp varchar
    );
    create table if not exists pipeline.this_run (
        coin_id varchar, vs_currency varchar, run_date date, as_of timestamp, models varchar, build varchar,
        exceptions varchar, failures varchar, proof varchar
    );
    create table if not exists pipeline.unproved_days (
        coin_id varchar not null, vs_currency varchar not null, date date not null
    );
    create table if not exists pipeline.wanted_pairs (coin_id varchar not null, vs_currency varchar not null);
    {marker_rows.create_markers(MARKERS)};
"""


_MARK = f"""
    delete from {MARKERS} where (step, day) in (select (step, day) from pipeline.pending_marker);
    insert into {MARKERS}
    select
        (select coalesce(max(number), 0) + 1 from {MARKERS}), step, day, fingerprint, stamp,
        {marker_rows.content("main.daily_candlestick")}
    from pipeline.pending_marker;
    delete from pipeline.pending_marker;
"""


def mark(connection: duckdb_files.Connection) -> None:
    """Mark the build as complete: the loader's marker row, with the number of candles and their hash."""
    connection.execute(f"begin; {_MARK} commit")


def create(connection: duckdb_files.Connection) -> None:
    """Create the tables that are not there."""
    connection.execute(_DDL)
