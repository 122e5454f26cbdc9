"""The state of this run: what became of its steps, which errors it has raised, and its id.

Lives as long as the process; decides and shows nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date

_SIGNALS = 128
"""Codes above stand for a signal."""


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
    exit_code: int = 1


@dataclass
class RunState:
    """What has happened in this run so far."""

    run: str = field(default_factory=lambda: secrets.token_hex(8))
    """The id of this run: what was rejected in it is not requested again before it ends."""
    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    raised: set[str] = field(default_factory=set)
    """Tasks that have raised the error of an earlier step; a retry by the scheduler tries anew."""

    @property
    def exit_code(self) -> int:
        """The smallest of the codes of all failures, but first of all that of a signal; 0: nothing has failed."""
        codes = [each.exit_code for each in self.failed]
        return min([code for code in codes if code > _SIGNALS] or codes, default=0)

    def newest_day(self, *steps: str) -> date | None:
        """The newest day for which one of the steps was done in this run; None if none was."""
        return max((each.day for each in self.done if each.step in steps), default=None)

    def of_day(self, day: date) -> dict[str, Done | Failed]:
        """Steps that did something for a day; the others were done before, or were not reached."""
        at_work: list[Done | Failed] = [*self.done, *self.failed]
        return {each.step: each for each in at_work if each.day == day}

    def skipped(self) -> dict[str, str]:
        """The coins that the run went on without, each with the reason."""
        return {each.pair: each.reason for each in self.failed if each.pair}


CURRENT = RunState()
"""That of this process."""
