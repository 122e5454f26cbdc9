"""A gate that becomes stricter does not change the past silently: what it refuses now is on record, and so its day."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.commands import answers
from btc_pipeline.lake import exceptions
from btc_pipeline.transform import rebuilt
from tests.e2e.published import rows
from tests.sweeps.bad_kinds import Kind
from tests.sweeps.nights import Bad, World

pytestmark = [pytest.mark.long, pytest.mark.sweep, pytest.mark.turn("stories of bad answers", "a stricter gate")]

NOW = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
DAY = timedelta(days=1)
FLAT, WELL = "ethereum", "bitcoin"


def flat_for_eight_hours(chart, chance):
    """The hourly answer has one price from 04:00 to 12:00 of 6 May, above all others of the day."""
    begin = (NOW.replace(day=6, hour=4, minute=0).timestamp()) * 1000
    points = [point for point in chart["prices"] if begin <= point[0] < begin + 8 * 3_600_000]
    highest = 1.05 * max(price for _, price in chart["prices"])
    for point in points:
        point[1] = highest
    return chart


def settled(night):
    keys = ("coin_id", "date", "open", "high", "low", "close", "status", "doubts")
    return [[row[key] for key in keys] for row in night.candles if row["status"] != "open"]


def test_what_a_stricter_gate_refuses_is_quarantined_its_day_revised_and_the_next_days_are_calm(tmp_path):
    world = World(tmp_path / "data", (FLAT, WELL))
    kind = Kind("flat", "one price for eight hours", flat_for_eight_hours)
    first = world.night(NOW, Bad(kind, MARKET_CHART, FLAT, WELL, 1))
    assert (first.exit_code, exceptions.read(world.workspace.raw).decisions) == (0, ())
    world.settings = replace(world.settings, repeat_hours=6)
    second = world.night(NOW + DAY)
    assert second.error == ""
    (decision,) = exceptions.read(world.workspace.raw).decisions
    assert (decision.check, decision.archive_file.split("/")[1]) == (
        "no_price_is_repeated_for_hours",
        f"coin_id={FLAT}",
    )
    said = [line for line in second.lines if "the gate has changed" in line]
    assert said == [
        "Transform the gate has changed: it looked again at 6 answers and refuses 1 of them, which are quarantined;"
        " btc-pipeline answers lists them"
    ]
    assert "quarantined by a check" in answers.text(world.workspace, [FLAT])
    revised = rows(world.workspace.published, "from candle_revisions where subject = 'candle'")
    of_the_day = [each for each in revised if (each["coin_id"], each["date"].day) == (FLAT, 6)]
    assert {each["reason"] for each in of_the_day} == {"answer_quarantined"}
    compared = rebuilt.compare(world.settings, world.workspace, world.models)
    assert (compared.candles > 0, compared.differences) == (True, [])
    third, fourth = world.night(NOW + 2 * DAY), world.night(NOW + 3 * DAY)
    for night, before in ((third, second), (fourth, third)):
        assert (night.exit_code, night.error) == (0, "")
        assert not [line for line in night.lines if "the gate has changed" in line]
        assert [row for row in settled(night) if row in settled(before)] == settled(before)
    assert exceptions.read(world.workspace.raw).decisions == (decision,)
    assert (world.workspace.raw / "gate.json").exists()
