"""Which steps of a day are done, and which would run, and why: asked of the same targets as a run asks.

Looks, and takes no lock; beside a run it does not look.
"""

from __future__ import annotations

from datetime import date

from btc_pipeline import lock, outcomes, warehouse
from btc_pipeline.status import StepState
from btc_pipeline.steps import Step, Vouched
from btc_pipeline.tasks import Visualize


def of_chain(day: date) -> list[StepState]:
    """The six steps of a day, in order."""
    last: Step = Visualize(date=day)
    if lock.holder(last.world.lock):
        return [StepState(name, "unknown", "a run is at work") for name in outcomes.STEPS]
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
        except (warehouse.LockedDatabaseError, OSError) as error:
            states.append(StepState(name, "unknown", str(error)))
    return states


def _reason(output: Vouched) -> str:
    if not output.stamp():
        return "not done for this day yet"
    return "what it made is gone or changed, or a setting, the code or a step before it has changed"
