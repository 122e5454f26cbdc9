"""Instants as text and back: one format, always UTC."""

from datetime import date, datetime, timedelta, timezone

import pytest

from btc_pipeline.market import instants

INSTANT = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "instant",
    [
        INSTANT,
        INSTANT.replace(tzinfo=None),
        INSTANT.astimezone(timezone(timedelta(hours=13))),
        INSTANT.replace(microsecond=9),
    ],
)
def test_the_text_is_utc_to_the_second(instant):
    assert instants.text(instant) == "2026-05-15T14:42:23Z"


@pytest.mark.parametrize("text", ["2026-05-15T14:42:23Z", " 2026-05-15T14:42:23z", "2026-05-16T03:42:23+13:00"])
def test_a_text_with_a_zone_is_an_instant_in_utc(text):
    assert instants.parse(text) == INSTANT
    assert instants.parse(text).tzinfo == timezone.utc


def test_a_text_without_a_zone_is_refused_by_a_name_of_its_own():
    with pytest.raises(instants.MissingZoneError, match="needs its zone"):
        instants.parse("2026-05-15T14:42:23")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-05-15T25:00:00Z"])
def test_what_is_not_an_instant_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        instants.parse(text)


@pytest.mark.parametrize(("value", "plain"), [
    (INSTANT, "2026-05-15T14:42:23Z"), (date(2026, 5, 15), "2026-05-15"), (1.5, 1.5), ("text", "text"), (None, None),
])  # fmt: skip
def test_json_and_csv_have_instants_and_days_as_text_and_all_else_as_it_is(value, plain):
    assert instants.plain(value) == plain
