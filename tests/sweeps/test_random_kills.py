"""SIGKILL at random moments of a first run and of a later one: the same candles as without, nothing lost or left."""

from dataclasses import replace

import pytest

from tests.e2e import published
from tests.e2e.command_line import Pipeline
from tests.e2e.kills import Kill, files_that_count, kill_and_rerun
from tests.sweeps.rounds import ROUNDS

pytestmark = pytest.mark.turn("harm at any moment", "kills")

NEXT_DAY = "2026-05-16T13:30:00Z"


@pytest.fixture(scope="module")
def next_run(first_run, tmp_path_factory):
    """A run on the next day that nobody killed."""
    pipeline = replace(first_run[0].copy_to(tmp_path_factory.mktemp("next_run") / "data"), now=NEXT_DAY)
    result = pipeline.run("Visualize")
    assert result.exit_code == 0, result.stderr
    return pipeline, result


@pytest.fixture(scope="module", autouse=True)
def aftermaths(first_run, next_run, run_ahead, tmp_path_factory):
    """What was found after each kill, and the steps that were pending then."""

    def run(case):
        data_dir = tmp_path_factory.mktemp("kill") / "data"
        _, whole = first_run if case.is_first_run else next_run
        lot = case.lot()
        kill = Kill(lot.uniform(0, whole.seconds), None, with_children=lot.random() < 0.5)
        fresh = Pipeline(data_dir)
        pipeline = fresh if case.is_first_run else replace(first_run[0].copy_to(data_dir), now=NEXT_DAY)
        return kill_and_rerun(pipeline, kill), pipeline.pending()

    return run_ahead(run, ROUNDS)


def candles_of(pipeline):
    return published.candles_as_text(pipeline.sample / "crypto_data.duckdb")


@pytest.mark.parametrize("case", ROUNDS, ids=str)
def test_a_run_killed_at_any_moment_is_completed_by_the_next_one(case, aftermaths, first_run, next_run):
    aftermath, pending = aftermaths[case].result()
    whole, _ = first_run if case.is_first_run else next_run
    before = [] if case.is_first_run else candles_of(first_run[0])
    print(f"{aftermath.kill}\n{aftermath.killed.stderr}\nand then\n{aftermath.rerun.stderr}")  # shown if it fails
    assert aftermath.candles_after_kill in (before, candles_of(whole))
    assert aftermath.rerun.exit_code == 0
    assert aftermath.candles == candles_of(whole)
    assert aftermath.steps_done_twice == []
    assert aftermath.orphans == []
    assert aftermath.leftovers == []
    assert aftermath.files == files_that_count(whole)
    assert pending == []
