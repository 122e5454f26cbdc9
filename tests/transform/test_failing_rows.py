"""The rows of a failed test are led back to coins and days, if they say so."""

import duckdb
import pytest

from btc_pipeline.transform import failing_rows
from btc_pipeline.transform.failing_rows import LIMIT

BITCOIN = "'bitcoin' as coin_id, 'usd' as vs_currency"
PLACE = {"coin_id": "bitcoin", "vs_currency": "usd", "date": "2026-05-08"}


@pytest.fixture
def places():
    with duckdb.connect() as connection:
        yield lambda test: failing_rows.places(connection, test)


@pytest.mark.parametrize("day", [
    "date '2026-05-08' as date", "timestamp '2026-05-08 23:59:59' as observed_at",
    "timestamp '2026-05-08 01:00' as gap_from", "timestamp '2026-05-08' as slot_from",
    "date '2026-05-08' as date, timestamp '2026-05-09' as observed_at",
])  # fmt: skip
def test_a_row_says_its_coin_and_its_day(day, places):
    assert places(f"select {BITCOIN}, {day}") == [PLACE]


def test_each_place_is_named_once_and_in_order(places):
    test = f"select {BITCOIN}, date '2026-05-09' - (range % 2)::integer as date from range(10)"
    assert [place["date"] for place in places(test)] == ["2026-05-08", "2026-05-09"]


@pytest.mark.parametrize("row", [
    "1 as number", BITCOIN, f"{BITCOIN}, timestamp '2026-05-08' as extracted_at",
    f"{BITCOIN}, null::date as date", "date '2026-05-08' as date, 'bitcoin' as coin_id",
])  # fmt: skip
def test_a_row_that_does_not_say_is_led_back_to_nothing(row, places):
    assert places(f"select {row}") is None


@pytest.mark.parametrize(("days", "is_led_back"), [(LIMIT, True), (LIMIT + 1, False)])
def test_too_many_places_say_nothing_about_single_days(days, is_led_back, places):
    found = places(f"select {BITCOIN}, date '2020-01-01' + range::integer as date from range({days})")
    assert (found is not None) == is_led_back


def test_a_test_that_begins_with_comments_and_ctes_is_read(places):
    assert places(f"-- why\nwith rows as (select {BITCOIN}, date '2026-05-08' as date)\n\nselect *\nfrom rows\n") == [
        PLACE
    ]
