"""The journal: what the steps of a day did; it is never in the way of a step."""

import json
from dataclasses import asdict, replace
from datetime import date

import pytest

from btc_pipeline.observe import journal
from btc_pipeline.settings.workspace import World

DAY = date(2026, 5, 15)
FIRST = journal.Entry("ExtractAndLoad", "2026-05-15T13:30:00Z", 2.02, "done", "answers=1")


DAMAGED = [
    json.dumps({"steps": [{**asdict(FIRST), **change}]})
    for change in (
        {"started_at": "yesterday"},
        {"started_at": 7},
        {"seconds": float("nan")},
        {"seconds": "1e999"},
        {"step": None},
    )
]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, "sample")


def test_what_was_noted_is_read_in_the_order_of_work(world):
    second = replace(FIRST, step="VerifyData", started_at="2026-05-15T13:30:03Z")
    journal.note(world, DAY, second)
    journal.note(world, DAY, FIRST)
    assert journal.of_day(world, DAY) == [FIRST, second]


def test_a_step_s_last_work_is_what_counts(world):
    journal.note(world, DAY, replace(FIRST, outcome="failed"))
    journal.note(world, DAY, FIRST)
    assert journal.of_day(world, DAY) == [FIRST]


def test_steps_can_be_chosen_by_name(world):
    journal.note(world, DAY, FIRST)
    journal.note(world, DAY, replace(FIRST, step="Visualize"))
    assert journal.of_day(world, DAY, ["ExtractAndLoad", "Test"]) == [FIRST]


def test_each_day_has_its_own(world):
    journal.note(world, DAY, FIRST)
    assert journal.of_day(world, date(2026, 5, 16)) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"steps": 1}', '{"steps": [1, {}, {"step": "Test"}]}', *DAMAGED])
def test_a_damaged_journal_is_an_empty_one(world, content):
    world.journal(DAY).parent.mkdir(parents=True)
    world.journal(DAY).write_text(content)
    assert journal.of_day(world, DAY) == []


def test_a_journal_that_cannot_be_written_stops_no_step(world):
    world.journal(DAY).parent.parent.mkdir(parents=True)
    world.journal(DAY).parent.write_text("a file where the folder should be")
    journal.note(world, DAY, FIRST)
    assert journal.of_day(world, DAY) == []
