"""Cases that `make test` and `make long` leave to `make sweep`: more of the same, each a run of the pipeline.

SWEEP_COUNT says how many of each group run, SWEEP_SEED which ones. Without a count all of them are there. A group is
the cases of one test, or tests that are marked `turn(group, name)`: all of a name have their turn together.
`tests/sweeps/rounds.py` makes as many rounds of it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Any

import pytest

COUNT = int(os.environ["SWEEP_COUNT"]) if "SWEEP_COUNT" in os.environ else None
SEED = int(os.environ.get("SWEEP_SEED", random.SystemRandom().randrange(10**6)))


def sampled(cases: Iterable[Any]) -> list[Any]:
    """COUNT of the cases, in their order."""
    found = list(cases)
    if COUNT is None or len(found) <= COUNT:
        return found
    return [found[number] for number in sorted(random.Random(SEED).sample(range(len(found)), COUNT))]


def swept(cases: Iterable[Any]) -> list[Any]:
    """As many of the cases for `parametrize`, marked as a sweep's."""
    return [pytest.param(case, marks=pytest.mark.sweep) for case in sampled(cases)]


def without_turn(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests whose turn it is not: of each group, COUNT of the names have theirs."""
    names: dict[pytest.Item, tuple[str, str]] = {}
    for item in items:
        if mark := item.get_closest_marker("turn"):
            group, name = mark.args
            names[item] = group, name
    groups = {group for group, _ in names.values()}
    drawn = {group: sampled(sorted({name for of, name in names.values() if of == group})) for group in groups}
    return [item for item, (group, name) in names.items() if name not in drawn[group]]
