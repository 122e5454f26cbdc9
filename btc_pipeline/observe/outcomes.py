"""What became of the steps of this run: done, and in how many seconds, or failed, and why.

Remembers for as long as the process lives; decides and shows nothing. Imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

STEPS = ("ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize")
"""The chain, in order."""

HISTORY_STEPS = ("ExtractHistory", "Backfill")
"""The chain of a backfill."""


@dataclass(frozen=True)
class Done:
    """A step that was at work, and has done it."""

    step: str
    day: date
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A step that has failed. `pair` is the coin and currency of a task that is for one; else empty."""

    step: str
    day: date | None
    reason: str
    pair: str = ""


done: list[Done] = []
failed: list[Failed] = []


def newest_day(step: str) -> date | None:
    """The newest day for which a step was done in this run; None where it was not."""
    return max((each.day for each in done if each.step == step), default=None)


def of_day(day: date) -> dict[str, Done | Failed]:
    """Steps that did something for a day; the others were done before, or were not reached."""
    at_work: list[Done | Failed] = [*done, *failed]
    return {each.step: each for each in at_work if each.day == day}


def left_out() -> dict[str, str]:
    """The coins that the run went on without, each with the reason."""
    return {each.pair: each.reason for each in failed if each.pair}
