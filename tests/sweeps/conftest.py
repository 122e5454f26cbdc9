"""Each test in this folder is marked sweep: SWEEP_COUNT rounds, and SWEEP_SEED repeats those of an earlier sweep."""

import os
import random
from pathlib import Path

import pytest

COUNT = int(os.environ.get("SWEEP_COUNT", "30"))
SEED = int(os.environ.get("SWEEP_SEED", random.SystemRandom().randrange(10**6)))


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.sweep)


def pytest_generate_tests(metafunc):
    """A test that takes `seed` is run so many times; its name has the seed."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(SEED, SEED + COUNT), ids=lambda seed: f"SWEEP_SEED={seed}")
