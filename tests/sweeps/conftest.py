"""Each test in this folder is marked sweep; the sixty days, whose runs need one another, go on beside the others."""

from pathlib import Path

import pytest

from tests.sweeps.sixty_days import simulated


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.sweep)


@pytest.fixture(scope="session", autouse=True)
def sixty_days(request, workers, tmp_path_factory):
    """The simulation, begun at once where a test will ask for it."""
    if any(item.path.name == "test_sixty_days.py" for item in request.session.items):
        return workers.submit(simulated, tmp_path_factory.mktemp("sixty") / "data")
    return None
