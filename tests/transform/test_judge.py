"""The judgement of tests: what the line of a failure says, and what the next run is to load anew."""

import pytest

from btc_pipeline.errors import CandleTestError
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.transform import judge, touched_days


def place(date, coin_id="bitcoin"):
    return {"coin_id": coin_id, "vs_currency": "usd", "date": date}


def outcome(status="fail", **facts):
    return {"kind": "test", "name": "singular:assert_it", "status": status, "message": "Got 1 result"} | facts


def line(*tests):
    with pytest.raises(CandleTestError) as failed:
        judge.raise_for_failures(tests)
    return str(failed.value)


@pytest.fixture
def distrusted(monkeypatch, tmp_path):
    """A function: what the loader is given for these tests."""
    given = []
    monkeypatch.setattr(touched_days, "distrust", lambda database, places: given.append(places))

    def of(*tests):
        judge.distrust(Workspace(tmp_path, "sample"), tests)
        return given.pop()

    return of


def test_the_line_names_the_first_coin_and_day_and_counts_the_others():
    assert "[coin=bitcoin/usd day=2026-05-08]" in line(outcome(places=[place("2026-05-08")]))
    two = [place("2026-05-08"), place("2026-05-07", "solana")]
    assert "[coin=bitcoin/usd day=2026-05-08 more_places=1]" in line(outcome(places=two))


@pytest.mark.parametrize("facts", [{}, {"places": None}, {"places": []}])
def test_a_failure_without_a_day_names_none(facts):
    assert "coin=" not in line(outcome(**facts))


def test_the_days_of_all_failed_tests_are_distrusted(distrusted):
    failed = [outcome(places=[place("2026-05-08")]), outcome(places=[place("2026-05-09")])]
    passed = [outcome("pass"), outcome("warn", places=[place("2026-05-01")]), outcome("skipped")]
    assert distrusted(*failed, *passed) == [place("2026-05-08"), place("2026-05-09")]


@pytest.mark.parametrize("other", [
    {"places": None}, {}, {"status": "error"}, {"kind": "unit_test", "places": None},
])  # fmt: skip
def test_one_that_no_day_explains_distrusts_all(other, distrusted):
    assert distrusted(outcome(places=[place("2026-05-08")]), outcome(**other)) is None


def test_tests_that_did_not_run_distrust_all(distrusted):
    assert distrusted(outcome("pass")) is None


def test_old_prices_distrust_no_day(distrusted):
    assert distrusted(outcome("error", places=[])) == []
