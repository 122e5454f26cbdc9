"""The order of steps: in one line as today, and with a branch."""

from datetime import date

from btc_pipeline import tasks
from btc_pipeline.commands import step_states
from btc_pipeline.steps import chain
from btc_pipeline.steps.step import Step
from btc_pipeline.targets.marker import Marker

DAY = date(2026, 5, 15)


class Copy(Step):
    """Another output, beside the chart."""

    before = (tasks.Publish,)
    code = ("btc_pipeline.publish.swap",)

    def output(self):
        return Marker(self.workspace.marker("Copy", self.date), "as it was", self.workspace.root)


def test_a_daily_run_has_six_steps_in_order():
    assert chain.names(tasks.Visualize) == (
        *("ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize"),
    )


def test_the_steps_know_the_chain_of_their_run():
    assert tasks.ExtractAndLoad.chain == tuple(each.__name__ for each in tasks.DAILY)
    assert tasks.ExtractHistory.chain == ("ExtractHistory", "Backfill")
    assert (tasks.ExtractAndLoad.ends, tasks.ExtractHistory.ends) == (("Visualize",), ("Backfill",))


def test_a_branch_comes_after_what_it_needs_and_each_step_once():
    names = chain.names(tasks.Visualize, Copy)
    assert names == (*chain.names(tasks.Visualize), "Copy")
    assert chain.names(Copy) == (*chain.names(tasks.Publish), "Copy")


def test_a_step_of_a_branch_waits_for_its_own_steps_and_for_no_other_branch(monkeypatch, tmp_path):
    monkeypatch.delenv("LUIGI_CONFIG_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    states = {each.step: each for each in step_states.of_chain(DAY, chain.of(tasks.Visualize, Copy))}
    assert (states["Copy"].state, states["Copy"].reason) == ("would run", "after ExtractAndLoad")
    assert list(states) == [*chain.names(tasks.Visualize), "Copy"]
