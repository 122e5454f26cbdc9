"""The journal: what the steps of a day did; it is never in the way of a step."""

import json
from dataclasses import asdict, replace
from datetime import date

import pytest

from btc_pipeline.observe import journal
from btc_pipeline.settings.workspace import Workspace

DAY = date(2026, 5, 15)
FIRST = journal.JournalEntry("ExtractAndLoad", "2026-05-15T13:30:00Z", 2.02, "done", "answers=1")


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
def workspace(tmp_path):
    return Workspace(tmp_path, "sample")


def test_what_was_noted_is_read_in_the_order_of_work(workspace):
    second = replace(FIRST, step="VerifyData", started_at="2026-05-15T13:30:03Z")
    journal.note(workspace, DAY, second)
    journal.note(workspace, DAY, FIRST)
    assert journal.of_day(workspace, DAY) == [FIRST, second]


def test_a_step_s_last_work_is_what_counts(workspace):
    journal.note(workspace, DAY, replace(FIRST, outcome="failed"))
    journal.note(workspace, DAY, FIRST)
    assert journal.of_day(workspace, DAY) == [FIRST]


def test_steps_can_be_chosen_by_name(workspace):
    journal.note(workspace, DAY, FIRST)
    journal.note(workspace, DAY, replace(FIRST, step="Visualize"))
    assert journal.of_day(workspace, DAY, ["ExtractAndLoad", "Test"]) == [FIRST]


def test_each_day_has_its_own(workspace):
    journal.note(workspace, DAY, FIRST)
    assert journal.of_day(workspace, date(2026, 5, 16)) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"steps": 1}', '{"steps": [1, {}, {"step": "Test"}]}', *DAMAGED])
def test_a_damaged_journal_is_an_empty_one(workspace, content):
    workspace.journal(DAY).parent.mkdir(parents=True)
    workspace.journal(DAY).write_text(content)
    assert journal.of_day(workspace, DAY) == []


def test_a_journal_that_cannot_be_written_stops_no_step(workspace):
    workspace.journal(DAY).parent.parent.mkdir(parents=True)
    workspace.journal(DAY).parent.write_text("a file where the folder should be")
    journal.note(workspace, DAY, FIRST)
    assert journal.of_day(workspace, DAY) == []
