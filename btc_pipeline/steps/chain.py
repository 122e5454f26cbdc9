"""The order of steps: each step after all steps that it needs, in one line or in branches.

Knows only that each step names the steps `before` it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

AnyStep = TypeVar("AnyStep")


def of(*last: type[AnyStep]) -> tuple[type[AnyStep], ...]:
    """The last steps and all that they need; each step comes after those that it needs."""
    return tuple(dict.fromkeys(step for each in last for step in _with_all_before(each)))


def names(*last: type[AnyStep]) -> tuple[str, ...]:
    """The names of the same steps."""
    return tuple(each.__name__ for each in of(*last))


def _with_all_before(step: type[AnyStep]) -> Iterator[type[AnyStep]]:
    before: Sequence[type[AnyStep]] = getattr(step, "before", ())
    for each in before:
        yield from _with_all_before(each)
    yield step
