"""One thread for a DuckDB that crashes with more; a warning that says how to get another."""

from datetime import date, timedelta

import duckdb
import pytest

from btc_pipeline.commands.doctor import installation
from btc_pipeline.system.project import PACKAGE
from btc_pipeline.warehouse import duckdb_files, duckdb_release

BEFORE = duckdb_release.DECIDE_AGAIN - timedelta(days=1)


@pytest.mark.parametrize(("version", "crashes"), [
    ("1.4.3", True), ("0.10.2", True), ("1.4.4", False), ("1.5.5", False), ("1.10.0", False), ("2.0.1.dev7", False),
])  # fmt: skip
def test_a_duckdb_before_1_4_4_crashes_with_threads(version, crashes):
    assert duckdb_release.crashes_with_threads(version) == crashes


def test_one_that_crashes_works_with_one_thread(monkeypatch, tmp_path):
    monkeypatch.setitem(duckdb_files._OPTIONS, "threads", 1)
    assert duckdb_files.threads() == 1
    with duckdb_files.opened(tmp_path / "some.duckdb", read_only=False) as connection:
        assert connection.execute("select current_setting('threads')").fetchall() == [(1,)]


def test_the_option_is_set_only_for_one_that_crashes():
    assert ("threads" in duckdb_files._OPTIONS) == duckdb_release.crashes_with_threads(duckdb_files.VERSION)


def test_another_works_with_as_many_as_it_takes_by_itself():
    with duckdb.connect() as connection:
        assert connection.execute("select current_setting('threads')").fetchall() == [(duckdb_files.threads(),)]


def test_the_doctor_says_how_to_override_the_pin():
    check = installation.duckdb("1.4.3", BEFORE)
    assert (check.state, check.fix) == ("warning", duckdb_release.HOW_TO_OVERRIDE)
    assert "1.4.3 can crash on a long history" in check.facts


@pytest.mark.parametrize(("today", "state"), [
    (BEFORE, "ok"), (duckdb_release.DECIDE_AGAIN, "warning"), (date(2036, 1, 1), "warning"),
])  # fmt: skip
def test_the_doctor_warns_once_the_choice_is_old(today, state):
    assert installation.duckdb(duckdb_release.LOCKED, today).state == state


def test_the_day_is_that_of_the_decision_record():
    record = PACKAGE.parent / "docs/decisions/0014-duckdb-1-5-5-against-airbytes-pin.md"
    text = " ".join(record.read_text(encoding="utf-8").split())
    assert f"old from {duckdb_release.DECIDE_AGAIN} on" in text
