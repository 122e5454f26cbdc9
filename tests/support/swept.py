"""Cases that `make test` and `make long` leave to `make sweep`: more of the same, each a run of the pipeline.

SWEEP_COUNT says how many of each group run, SWEEP_SEED which ones. Without a count all of them are there.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any]) -> list[Any]:
    """SWEEP_COUNT of the cases, in their order."""
    found = list(cases)
    count = min(int(os.environ.get("SWEEP_COUNT", len(found))), len(found))
    lot = random.Random(os.environ.get("SWEEP_SEED", ""))
    return [found[number] for number in sorted(lot.sample(range(len(found)), count))]


def swept(cases: Iterable[Any]) -> list[Any]:
    """As many of the cases for `parametrize`, marked as a sweep's."""
    return [pytest.param(case, marks=pytest.mark.sweep) for case in sampled(cases)]
