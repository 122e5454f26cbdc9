"""The ledger of exceptions: it only grows, proves itself, and is never taken for an empty one."""

import random
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.errors import TransformationError
from btc_pipeline.lake import exceptions
from btc_pipeline.lake.exceptions import PERSON, QUARANTINED, RELEASED, NewDecision

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def decided(action=QUARANTINED, file="a.json.gz", by="a_check"):
    return NewDecision(action, file, "0" * 64, "a_check", 3, by, "prices of another coin")


@pytest.fixture
def ledger(tmp_path):
    """Three decisions in three hours: a and b are quarantined, a is released by a person."""
    exceptions.append(tmp_path, [decided(), decided(file="b.json.gz")], NOW, "first run")
    exceptions.append(tmp_path, [decided(RELEASED, by=PERSON)], NOW + HOUR, "second run")
    return exceptions.read(tmp_path)


def test_an_archive_without_exceptions_has_an_empty_ledger(tmp_path):
    ledger = exceptions.read(tmp_path)
    assert (ledger.decisions, ledger.last, ledger.last_by_person) == ((), "0", "0")
    ledger.check_it_has("0")


def test_the_newest_decision_about_an_answer_counts(ledger):
    assert set(ledger.quarantined) == {"b.json.gz"}
    assert set(ledger.released) == {"a.json.gz"}
    assert [each.number for each in ledger.decisions] == [1, 2, 3]


def test_the_decisions_of_an_instant_or_up_to_a_number_are_those_of_that_time(ledger):
    assert set(ledger.up_to(until=NOW).quarantined) == {"a.json.gz", "b.json.gz"}
    assert set(ledger.up_to(number=1).quarantined) == {"a.json.gz"}
    assert not ledger.up_to(until=NOW - HOUR).decisions


def test_only_a_persons_decision_makes_finished_work_incomplete(tmp_path, ledger):
    assert ledger.last_by_person == ledger.decisions[2].name
    exceptions.append(tmp_path, [decided(file="c.json.gz")], NOW + 2 * HOUR, "third run")
    assert exceptions.read(tmp_path).last_by_person == ledger.last_by_person


def test_an_answer_is_waived_only_the_checks_that_it_was_released_from(tmp_path, ledger):
    assert ledger.waived("a.json.gz") == {"a_check"}
    assert ledger.waived("b.json.gz") == ledger.waived("unknown") == frozenset()
    assert ledger.releasing("b.json.gz").waived("b.json.gz") == {"a_check"}
    exceptions.append(tmp_path, [decided(), decided(file="c.json.gz")], NOW + 2 * HOUR, "third run")
    assert exceptions.read(tmp_path).waived("a.json.gz") == frozenset()


@pytest.mark.parametrize("lines", [[0, 2], [1, 2], [1, 0, 2], [0, 0, 1, 2]])
def test_a_line_that_is_gone_moved_or_doubled_is_damage(tmp_path, ledger, lines):
    written = ledger.path.read_text().splitlines(keepends=True)
    ledger.path.write_text("".join(written[number] for number in lines))
    with pytest.raises(TransformationError, match="the ledger of exceptions is damaged") as error:
        exceptions.read(tmp_path)
    assert str(ledger.path) in str(error.value)


def test_a_lost_end_is_found_by_what_the_published_version_has_applied(tmp_path, ledger):
    applied = ledger.last
    written = ledger.path.read_text().splitlines(keepends=True)
    ledger.path.write_text("".join(written[:2]))
    with pytest.raises(TransformationError, match="entry 3, which the published version has applied, is not there"):
        exceptions.read(tmp_path).check_it_has(applied)
    ledger.path.unlink()
    with pytest.raises(TransformationError, match="entry 3"):
        exceptions.read(tmp_path).check_it_has(applied)


def test_each_changed_character_is_found(tmp_path, ledger):
    whole = ledger.path.read_text()
    chosen = random.Random(11)
    for at in [chosen.randrange(len(whole) - 1) for _ in range(300)]:
        other = chr(ord(whole[at]) ^ 1)
        ledger.path.write_text(whole[:at] + other + whole[at + 1 :])
        try:
            changed = exceptions.read(tmp_path)
        except TransformationError:
            continue
        with pytest.raises(TransformationError):  # only the last line can still follow the line before
            changed.check_it_has(ledger.last)


@pytest.mark.parametrize("content", [b"[]\n", b"{}\n", b"null\n", b"\xff\n", b'{"format": 2}\n', b"\n"])
def test_what_is_not_a_ledger_is_damage(tmp_path, content):
    (tmp_path / "exceptions.ndjson").write_bytes(content)
    with pytest.raises(TransformationError, match="restore it from a backup"):
        exceptions.read(tmp_path)
