"""Which steps of a day are done, and which would run, and why: asked of the same targets as a run asks.

Looks, and takes no lock; beside a run it opens none of the run's databases, and asks the journal how far the run is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from btc_pipeline.commands.status import StepState
from btc_pipeline.observe import journal, outcomes
from btc_pipeline.settings import parsers
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps.step import Step, Vouched
from btc_pipeline.system import lock
from btc_pipeline.tasks import Visualize
from btc_pipeline.warehouse import duckdb_files


def of_chain(day: date) -> list[StepState]:
    """The six steps of a day, in order."""
    last: Step = Visualize(date=day)
    holder = lock.holder(last.workspace.lock)
    if holder:
        return _beside_a_run(last.workspace, day, holder.get("since"))
    chain = [last]
    while before := chain[0].requires():
        chain.insert(0, before[0])
    states: list[StepState] = []
    for step in chain:
        name = step.get_task_family()
        if waiting := next((each.step for each in states if each.state != "done"), ""):
            states.append(StepState(name, "would run", f"after {waiting}"))
            continue
        try:
            output = step.output()
            is_done = output.exists()
            states.append(StepState(name, "done") if is_done else StepState(name, "would run", _reason(output)))
        except (duckdb_files.LockedDatabaseError, OSError) as error:
            states.append(StepState(name, "unknown", str(error)))
    return states


def _beside_a_run(workspace: Workspace, day: date, since: object) -> list[StepState]:
    """Up to the newest step that the run has done all are done; before it has done one, nobody can tell."""
    ended = {each.step for each in journal.of_day(workspace, day) if each.outcome == "done" and _is_later(each, since)}
    done = max((number for number, name in enumerate(outcomes.STEPS, 1) if name in ended), default=0)
    if not done:
        return [StepState(name, "unknown", "a run is at work") for name in outcomes.STEPS]
    at_work, *waiting = [*outcomes.STEPS[done:], ""]
    states = [StepState(name, "done") for name in outcomes.STEPS[:done]]
    states += [StepState(at_work, "at work")] if at_work else []
    return [*states, *(StepState(name, "would run", f"after {at_work}") for name in waiting if name)]


def _is_later(entry: journal.Entry, since: object) -> bool:
    """Whether a step has ended after an instant, as the lock's file has it."""
    try:
        began = parsers.instant(entry.started_at)
        return began + timedelta(seconds=entry.seconds) > datetime.fromisoformat(str(since))
    except (TypeError, ValueError):
        return False


def _reason(output: Vouched) -> str:
    if not output.stamp():
        return "not done for this day yet"
    return "what it made is gone or changed, or a setting, the code or a step before it has changed"
