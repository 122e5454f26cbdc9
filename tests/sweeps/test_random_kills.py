"""SIGKILL at random moments of a first run and of a later one: the same candles as without, nothing lost or left."""

import random
from dataclasses import replace

import pytest

from tests.e2e import published
from tests.e2e.command_line import Pipeline
from tests.e2e.kills import Kill, files_that_count, kill_and_rerun

NEXT_DAY = "2026-05-16T13:30:00Z"


@pytest.fixture(scope="module")
def next_run(first_run, tmp_path_factory):
    """A run on the next day that nobody killed."""
    pipeline = replace(first_run[0].copy_to(tmp_path_factory.mktemp("next_run") / "data"), now=NEXT_DAY)
    result = pipeline.run("Visualize")
    assert result.exit_code == 0, result.stderr
    return pipeline, result


def candles_of(pipeline):
    return published.candles_as_text(pipeline.sample / "crypto_data.duckdb")


@pytest.mark.parametrize("is_first", [True, False], ids=["first run", "next run"])
def test_a_run_killed_at_any_moment_is_completed_by_the_next_one(seed, is_first, first_run, next_run, tmp_path):
    whole, uninterrupted = first_run if is_first else next_run
    fresh = Pipeline(tmp_path / "data")
    pipeline = fresh if is_first else replace(first_run[0].copy_to(tmp_path / "data"), now=NEXT_DAY)
    chance = random.Random(seed)
    kill = Kill(chance.uniform(0, uninterrupted.seconds), None, with_children=seed % 2 == 0)
    before = [] if is_first else candles_of(first_run[0])

    aftermath = kill_and_rerun(pipeline, kill)

    context = f"{kill}\nkilled: {aftermath.killed.stderr}\nrerun: {aftermath.rerun.stderr}"
    assert aftermath.candles_after_kill in (before, candles_of(whole)), context
    assert aftermath.rerun.exit_code == 0, context
    assert aftermath.candles == candles_of(whole), context
    assert aftermath.steps_done_twice == [], context
    assert aftermath.orphans == [], context
    assert aftermath.leftovers == [], context
    assert aftermath.files == files_that_count(whole), context
    assert pipeline.pending() == [], context
