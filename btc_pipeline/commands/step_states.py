"""Which steps of a day are done, and which would run, and why; it checks the same targets as a run.

Looks, and takes no lock. Beside a run it opens none of the run's databases; the journal says how far the run is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from btc_pipeline.observe import journal
from btc_pipeline.settings import parsers
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import chain
from btc_pipeline.steps.step import Step, StepOutput
from btc_pipeline.system import lock
from btc_pipeline.tasks import DAILY, Visualize
from btc_pipeline.warehouse import database_errors


@dataclass(frozen=True)
class StepState:
    """A step for the day: `done`, `at work`, `would run` or `unknown`, and why."""

    step: str
    state: str
    reason: str = ""


def of_chain(day: date, kinds: Sequence[type[Step]] = DAILY) -> list[StepState]:
    """The steps of a day, in order; `kinds` are those of a daily run."""
    workspace = Visualize(date=day).workspace
    holder = lock.holder(workspace.lock)
    if holder:
        return _beside_a_run(workspace, day, holder.get("since"), kinds)
    states: list[StepState] = []
    for kind in kinds:
        step, name = kind(date=day), kind.get_task_family()
        needed = chain.names(*kind.before)
        if waiting := next((each.step for each in states if each.step in needed and each.state != "done"), ""):
            states.append(StepState(name, "would run", f"after {waiting}"))
            continue
        try:
            output = step.output()
            is_done = output.exists()
            states.append(StepState(name, "done") if is_done else StepState(name, "would run", _reason(output)))
        except (database_errors.LockedDatabaseError, OSError) as error:
            states.append(StepState(name, "unknown", str(error)))
    return states


def _beside_a_run(workspace: Workspace, day: date, since: object, kinds: Sequence[type[Step]]) -> list[StepState]:
    """All steps up to the newest one that the run has done are done; before the run has done one, it is not known."""
    ended = {each.step for each in journal.of_day(workspace, day) if each.outcome == "done" and _is_later(each, since)}
    done = set(chain.names(*(kind for kind in kinds if kind.get_task_family() in ended)))
    names = [kind.get_task_family() for kind in kinds]
    if not done:
        return [StepState(name, "unknown", "a run is at work") for name in names]
    at_work, *waiting = [*(name for name in names if name not in done), ""]
    states = [StepState(name, "done") for name in names if name in done]
    states += [StepState(at_work, "at work")] if at_work else []
    return [*states, *(StepState(name, "would run", f"after {at_work}") for name in waiting if name)]


def _is_later(entry: journal.JournalEntry, since: object) -> bool:
    """Whether a step has ended after an instant, as the lock's file has it."""
    try:
        began = parsers.instant(entry.started_at)
        return began + timedelta(seconds=entry.seconds) > datetime.fromisoformat(str(since))
    except (TypeError, ValueError):
        return False


def _reason(output: StepOutput) -> str:
    if not output.stamp():
        return "not done for this day yet"
    return "what it made is gone or changed, or a setting, the code or a step before it has changed"
