"""Cases that `make test` and `make long` leave to `make sweep`: more of the same, each a run of the pipeline.

SWEEP_COUNT says how many of each group run, SWEEP_SEED which ones. Without a count all of them are there.
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
