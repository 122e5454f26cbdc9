"""The state of a run: what was done and what failed, and what follows from it."""

from datetime import date

import pytest

from btc_pipeline.observe.run_state import Done, Failed, RunState

DAY, NEXT = date(2026, 5, 14), date(2026, 5, 15)


def test_a_run_without_a_failure_ends_with_0():
    assert RunState().exit_code == 0


def test_of_several_failures_the_smallest_code_is_the_run_s():
    failures = [Failed("Publish", DAY, "full", exit_code=60), Failed("ExtractCoin", DAY, "404", "x/usd", 20)]
    assert RunState(failed=failures).exit_code == 20


@pytest.mark.parametrize("code", [129, 130, 143])
def test_a_signal_is_the_run_s_code_whatever_else_has_failed(code):
    failures = [Failed("ExtractCoin", DAY, "404", "x/usd", 20), Failed("Transform", DAY, "stopped", exit_code=code)]
    assert RunState(failed=failures).exit_code == code


def test_the_newest_day_is_that_of_any_of_the_steps():
    state = RunState(done=[Done("Visualize", DAY, 1.0), Done("Copy", NEXT, 1.0)])
    assert state.newest_day("Visualize") == DAY
    assert state.newest_day("Visualize", "Copy") == NEXT
    assert state.newest_day("Publish") is None


def test_a_coin_that_failed_is_left_out_and_a_step_that_failed_is_not():
    failures = [Failed("ExtractCoin", DAY, "404", "x/usd", 20), Failed("Publish", DAY, "full", exit_code=60)]
    assert RunState(failed=failures).skipped() == {"x/usd": "404"}


def test_each_run_is_told_from_all_others():
    assert RunState().run != RunState().run
