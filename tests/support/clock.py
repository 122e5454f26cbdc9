"""A clock for tests of code that waits: it counts what was slept, so that the outcome is the same on each machine."""

from __future__ import annotations


class Clock:
    """A clock that goes on only while somebody sleeps: what code does by the clock is as many naps on each machine.

    Takes the place of the module `time` in the module under test.
    """

    def __init__(self) -> None:
        self.naps: list[float] = []
        """How long each sleep was, in seconds."""

    def monotonic(self) -> float:
        return sum(self.naps)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
