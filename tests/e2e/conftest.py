"""Each test in this folder is marked e2e; those of a table run ahead, two at a time."""

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def run_ahead(request, workers):
    """A function that starts `run(case)` for each of the cases that tests were selected for, and returns the futures.

    So a table takes half the time, and each test still shows its own outcome.
    """
    futures: list[Future[Any]] = []

    def start(run, cases):
        selected = [item.callspec.params.get("case") for item in request.session.items if _is_of(item, request)]
        started = {case: workers.submit(run, case) for case in cases if case in selected}
        futures.extend(started.values())
        return started

    yield start
    for future in futures:
        future.cancel()


def _is_of(item, request):
    return item.path == request.path and hasattr(item, "callspec")
