"""The facts of a report: what the published database says, the same for machines."""

import json
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from btc_pipeline.visualize.report import facts
from btc_pipeline.warehouse import database_errors, duckdb_files
from tests.visualize.report.published import CONTRACT, DAY, Published, backfill, candle, week


def test_each_published_table_is_reported_but_the_list_of_raw_answers():
    assert facts.TABLES.keys() == CONTRACT.keys() - {"candle_sources"}


def test_each_value_comes_through_as_it_is_published(read):
    told = read().as_json()["daily_candlestick"]
    last = dict(zip(told["columns"], told["data"][-1], strict=True))
    assert (last["date"], last["close"], last["last_point_at"]) == ("2026-05-15", 68_000.125, "2026-05-15T14:30:00Z")


def year_before():
    """Candles of a year before the window, and of the window."""
    return [candle(DAY - timedelta(days=back)) for back in range(372, 7, -1)] + week()


def test_the_json_has_the_days_of_the_run_s_window_and_says_how_many_are_left_out(read):
    known = read(candles=year_before())
    assert known.tables["daily_candlestick"].total == known.histories["bitcoin", "usd"].days == 373
    told = known.as_json()
    days = [row[told["daily_candlestick"]["columns"].index("date")] for row in told["daily_candlestick"]["data"]]
    assert (days[0], days[-1], len(days)) == ("2026-05-08", "2026-05-15", 8)
    assert told["window"] == {"first_day": "2026-05-08", "last_day": "2026-05-15"}
    assert told["other_rows"]["daily_candlestick"] == 365
    assert told["format"] == 2


def test_the_json_of_a_night_does_not_grow_with_the_history(read):
    week_only, with_a_year = (read(candles=candles).as_json() for candles in (week(), year_before()))
    assert {**with_a_year, "other_rows": None} == {**week_only, "other_rows": None}


def test_of_the_time_before_the_json_has_what_is_open_or_new(read):
    gap = {"coin_id": "bitcoin", "vs_currency": "usd", "granularity": "hourly"}
    old = {"gap_from": "2026-01-07 03:00:00", "gap_to": "2026-01-07 04:00:00"}
    inside = {"gap_from": "2026-05-08 00:00:00", "gap_to": "2026-05-08 01:00:00"}
    gaps = [gap | old | {"state": "closed"}, gap | old | {"state": "open"}, gap | inside | {"state": "closed"}]
    change = {"coin_id": "bitcoin", "vs_currency": "usd", "date": "2026-01-07", "field": "close"}
    changes = [change | {"revised_at": f"2026-05-{day} 14:42:00"} for day in (14, 15)]
    told = read(tables={"price_gaps": gaps, "candle_revisions": changes}).as_json()
    assert [row["state"] for row in records(told["price_gaps"])] == ["closed", "open"]
    assert [row["revised_at"] for row in records(told["candle_revisions"])] == ["2026-05-15T14:42:00Z"]
    assert told["other_rows"] | {"second_opinions": 0} == {
        "daily_candlestick": 0,
        "price_gaps": 1,
        "candle_revisions": 1,
        "price_anomalies": 0,
        "second_opinions": 0,
    }


def many_gaps(count, **more):
    """Open single slots of the time before the window, the newest first."""
    gap = {"coin_id": "bitcoin", "vs_currency": "usd", "granularity": "hourly", "state": "open", "is_notable": False}
    days = [date(2026, 5, 1) - timedelta(days=number) for number in range(count)]
    return [gap | {"gap_from": f"{day} 03:00:00", "gap_to": f"{day} 04:00:00"} | more for day in days]


def test_of_many_gaps_those_are_read_that_the_page_lists_and_all_of_the_window(read):
    old = {"gap_from": "2025-01-07 03:00:00", "gap_to": "2025-01-07 06:00:00"}
    window = {"gap_from": "2026-05-07 22:00:00", "gap_to": "2026-05-08 01:00:00"}
    told = [*many_gaps(300), *many_gaps(1, **old, is_notable=True), *many_gaps(1, **window, state="closed")]
    known = read(tables={"price_gaps": told})
    table = known.tables["price_gaps"]
    starts = [str(row["gap_from"]) for row in table.records]
    assert (table.total, len(starts)) == (302, 201)
    assert (starts[0], starts[-1]) == (window["gap_from"], old["gap_from"])
    assert known.as_json()["other_rows"]["price_gaps"] == 302 - 200
    assert known.gap_states == {("bitcoin", "usd", "open"): 301, ("bitcoin", "usd", "closed"): 1}


def test_gaps_of_pairs_that_are_not_requested_take_no_room_from_the_others(read):
    found = read(tables={"price_gaps": [*many_gaps(300, coin_id="ethereum"), *many_gaps(300)]})
    assert len(found.of_requested("price_gaps")) == 200


def test_gaps_of_a_version_that_does_not_weigh_them_are_read(tmp_path):
    database = Published(tables={"price_gaps": many_gaps(3)}).write(tmp_path / "old.duckdb")
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute("alter table price_gaps drop column is_notable")
    assert len(facts.read(database).tables["price_gaps"].rows) == 3


def test_of_the_days_after_a_past_run_the_json_has_none(read):
    about = {"first_day": "2026-05-08", "last_day": "2026-05-10", "run_date": "2026-05-10"}
    told = read(about=about).as_json()
    assert [row["date"] for row in records(told["daily_candlestick"])] == ["2026-05-08", "2026-05-09", "2026-05-10"]
    assert told["other_rows"]["daily_candlestick"] == 5


def records(table):
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def test_the_json_is_what_pandas_takes(read):
    table = json.loads(json.dumps(read().as_json()))["daily_candlestick"]
    frame = pd.DataFrame(table["data"], columns=table["columns"])
    assert list(frame["close"]) == [row["close"] for row in week()]


def test_what_is_no_number_is_null_for_machines(read):
    told = read(candles=week(volume_24h=float("inf"))).as_json()
    assert "Infinity" not in json.dumps(told)


def test_a_setting_is_found_by_section_and_key(read):
    known = read()
    assert (known.setting("pipeline", "days"), known.setting("coingecko", "days")) == ("7", "")


def test_the_day_and_the_source_are_those_of_the_publication(read):
    known = read(is_sample=False)
    assert (known.first_day, known.last_day, known.is_sample) == (date(2026, 5, 8), DAY, False)


def test_a_version_of_before_the_days_were_told_is_for_those_of_its_settings(tmp_path):
    database = Published().write(tmp_path / "published.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from publication where key in ('first_day', 'last_day', 'made_by')")
    known = facts.read(database)
    assert (known.first_day, known.last_day, known.name) == (date(2026, 5, 8), DAY, "2026-05-15")


def test_a_daily_run_and_a_backfill_have_names_of_their_own(read):
    daily, of_span = read(), read(about=backfill(date(2026, 3, 1), date(2026, 5, 14)))
    assert (daily.name, daily.run) == ("2026-05-15", "run of 2026-05-15")
    assert (of_span.name, of_span.run) == ("2026-03-01_2026-05-14", "backfill of 2026-03-01 to 2026-05-14")


def test_nothing_published_is_told_apart_from_a_damaged_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        facts.read(tmp_path / "published.duckdb")
    Path(tmp_path, "published.duckdb").write_bytes(b"no database")
    with pytest.raises(database_errors.DatabaseError):
        facts.read(tmp_path / "published.duckdb")


def test_a_database_of_an_older_contract_is_refused_by_what_it_lacks(tmp_path):
    database = Published().write(tmp_path / "published.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table run_steps")
    with pytest.raises(database_errors.MissingTableError, match="run_steps"):
        facts.read(database)
