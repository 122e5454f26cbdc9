"""What end-to-end tests and sweeps share: a finished run, copies of it, and tables that run some at a time."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.command_line import Pipeline


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    """A pipeline that has run once, and what came of that run. Not to be changed: `finished` gives a copy."""
    pipeline = Pipeline(tmp_path_factory.mktemp("first_run") / "data")
    return pipeline, pipeline.run("Visualize")


@pytest.fixture
def finished(first_run, tmp_path):
    """The pipeline on a copy of a finished run's data."""
    pipeline, _ = first_run
    return pipeline.copy_to(tmp_path / "finished")


@pytest.fixture(scope="session")
def workers(tmp_path_factory):
    """Three at a time, or two in each of two test processes: what two cores carry, where some wait for an answer."""
    tmp_path_factory.getbasetemp()  # which two threads cannot make at once
    with ThreadPoolExecutor(max_workers=2 if "PYTEST_XDIST_WORKER" in os.environ else 3) as executor:
        yield executor
        executor.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def run_ahead(request, workers):
    """A function that starts `run(case)` for each of the cases that tests were selected for, and returns the futures.

    So a table takes less time, and each test still shows its own outcome.
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
