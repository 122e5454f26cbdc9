"""A run that is killed or interrupted costs the step that it hit, and nothing else. The sweep has random moments."""

import os
import signal
import time

import pytest

from tests.e2e import published
from tests.e2e.command_line import STEPS, Pipeline
from tests.e2e.kills import Kill, files_that_count, kill_and_rerun
from tests.support.swept import swept

pytestmark = pytest.mark.long

KILLS = [
    Kill(1.0, "VerifyData", with_children=True),  # in Transform
    Kill(1.2, None, with_children=False),  # in ExtractAndLoad
    Kill(0.02, "Test", with_children=False),  # in Publish or Visualize
]
each_kill = pytest.mark.parametrize("case", swept(KILLS), ids=str)


@pytest.fixture(scope="module", autouse=True)
def aftermaths(run_ahead, tmp_path_factory):
    def run(case):
        return kill_and_rerun(Pipeline(tmp_path_factory.mktemp("kill") / "data"), case)

    return run_ahead(run, KILLS)


@each_kill
def test_after_a_kill_a_rerun_makes_the_same_candles(case, aftermaths, first_run):
    aftermath = aftermaths[case].result()
    pipeline, _ = first_run
    assert aftermath.rerun.exit_code == 0, aftermath.rerun.stderr
    assert aftermath.candles == published.candles_as_text(pipeline.sample / "crypto_data.duckdb")


@each_kill
def test_after_a_kill_no_finished_step_is_done_again(case, aftermaths):
    aftermath = aftermaths[case].result()
    assert aftermath.killed.exit_code == -signal.SIGKILL
    assert aftermath.steps_done_twice == []


@each_kill
def test_after_a_kill_and_a_rerun_nothing_is_left_over(case, aftermaths, first_run):
    aftermath = aftermaths[case].result()
    pipeline, _ = first_run
    assert (aftermath.orphans, aftermath.leftovers) == ([], [])
    assert aftermath.files == files_that_count(pipeline)


# --- Ctrl-C


def interrupt_and_rerun(pipeline):
    """A run that got Ctrl-C in the terminal, with its children, while Transform was at work; and a rerun."""
    with pipeline.started("Publish") as running:
        running.wait_for("VerifyData")
        time.sleep(0.3)
        os.killpg(running.process.pid, signal.SIGINT)
        result = running.wait()
    return result, pipeline.run("Publish")


@pytest.fixture(scope="module", autouse=True)
def interruption(begin_ahead, tmp_path_factory):
    pipeline = Pipeline(tmp_path_factory.mktemp("interrupted") / "data")
    return begin_ahead("interrupted", interrupt_and_rerun, pipeline)


@pytest.fixture
def interrupted(interruption):
    return interruption.result()


def test_an_interrupted_run_ends_with_130_and_one_line(interrupted):
    result, _ = interrupted
    assert (result.exit_code, len(result.errors)) == (130, 1), result.stderr
    assert "Traceback" not in result.stderr


def test_after_an_interruption_a_rerun_goes_on_where_it_was(interrupted):
    _, rerun = interrupted
    assert (rerun.exit_code, rerun.done) == (0, STEPS[2:5]), rerun.stderr
