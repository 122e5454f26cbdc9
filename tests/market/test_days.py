"""The window of a run: whole UTC days from seven days before its date to its end, or to now."""

from datetime import date, datetime, timedelta, timezone

import pytest
import yaml

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.market.days import SETTLED_AFTER, Window
from btc_pipeline.system.project import DBT_PROJECT

DAY = date(2026, 5, 15)


def at(text):
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(("now", "end"), [
    ("2026-05-15T13:30:00", "2026-05-15T13:30:00"),
    ("2026-05-15T13:30:00.999999", "2026-05-15T13:30:00"),
    ("2026-05-15T00:00:00", "2026-05-15T00:00:00"),
    ("2026-05-15T23:59:59", "2026-05-15T23:59:59"),
    ("2026-05-15T23:59:59.999999", "2026-05-15T23:59:59"),
    ("2026-05-16T00:00:00", "2026-05-15T23:59:59"),
    ("2026-11-23T12:00:00", "2026-05-15T23:59:59"),
])  # fmt: skip
def test_a_window_ends_with_its_day_or_now_in_whole_seconds(now, end):
    assert Window.of(DAY, 7, at(now)).end == at(end)


@pytest.mark.parametrize(("day", "days", "start"), [
    ("2026-05-15", 7, "2026-05-08"),
    ("2026-05-15", 2, "2026-05-13"),
    ("2026-05-15", 89, "2026-02-15"),
    ("2026-01-03", 7, "2025-12-27"),
    ("2024-03-01", 7, "2024-02-23"),
    ("2024-02-29", 7, "2024-02-22"),
    ("2023-03-01", 7, "2023-02-22"),
    ("2026-03-30", 7, "2026-03-23"),
    ("0001-01-08", 7, "0001-01-01"),
    ("9999-12-31", 7, "9999-12-24"),
])  # fmt: skip
def test_a_window_starts_at_midnight_utc_of_a_whole_day(day, days, start):
    day = date.fromisoformat(day)
    now = datetime.combine(day, datetime.min.time(), timezone.utc) + timedelta(hours=13)
    assert Window.of(day, days, now).start == at(f"{start}T00:00:00")


@pytest.mark.parametrize("hours", [14, -12, 5.5])
def test_a_now_of_another_zone_is_the_same_instant(hours):
    now = at("2026-05-15T13:30:00").astimezone(timezone(timedelta(hours=hours)))
    assert Window.of(DAY, 7, now) == Window.of(DAY, 7, at("2026-05-15T13:30:00"))


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/New_York"])
def test_a_window_is_the_same_on_every_machine(zone, monkeypatch):
    here = Window.of(DAY, 7, at("2026-05-15T13:30:00"))
    monkeypatch.setenv("TZ", zone)
    there = Window.of(DAY, 7, at("2026-05-15T13:30:00"))
    assert (int(there.start.timestamp()), int(there.end.timestamp())) == (1_778_198_400, 1_778_851_800)
    assert there == here


def test_windows_of_consecutive_days_overlap_in_whole_days():
    first, second = (Window.of(DAY + timedelta(days=n), 7, at("2026-11-23T12:00:00")) for n in (0, 1))
    assert second.start - first.start == second.end - first.end == timedelta(days=1)


def test_the_models_and_the_simulator_settle_a_day_at_the_same_time():
    variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert timedelta(minutes=variables["settling_minutes"]) == SETTLED_AFTER
    midnight = datetime(2026, 5, 16, tzinfo=timezone.utc)
    before, after = (
        synthetic.market_chart(
            "bitcoin", "usd", midnight - timedelta(days=2), midnight, midnight + SETTLED_AFTER + wait
        )
        for wait in (timedelta(minutes=-1), timedelta(minutes=1))
    )
    newest = [max(int(stamp or 0) for stamp, _ in chart["prices"]) for chart in (before, after)]
    assert newest[0] < newest[1]
