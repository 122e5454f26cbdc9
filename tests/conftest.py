"""What end-to-end tests and sweeps share: a finished run, copies of it, and tables that run some at a time."""

import json
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest

from tests.e2e.command_line import STEPS, Pipeline, Result
from tests.support import once, swept, watchdog

# A shell that starts the tests in the background has SIGINT ignored, and so would each run that they start
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

pytest_runtest_setup = watchdog.pytest_runtest_setup
pytest_runtest_call = watchdog.pytest_runtest_call
pytest_runtest_teardown = watchdog.pytest_runtest_teardown

THREE_COINS = ("bitcoin", "ethereum", "solana")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Sweeps first, then runs: what is quick fills the time until all test processes are done."""
    if left_out := swept.without_turn(items):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: ("sweeps" not in item.path.parts, item.get_closest_marker("e2e") is None))


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    """A pipeline that has run once, and what came of that run. Not to be changed: `finished` gives a copy."""
    folder, text = once.made(
        tmp_path_factory, "first_run", lambda folder: json.dumps(asdict(Pipeline(folder / "data").run("Visualize")))
    )
    return Pipeline(folder / "data"), Result(**json.loads(text))


@pytest.fixture(scope="session")
def run_of_coins(tmp_path_factory):
    """A function that gives a pipeline for three coins, and what came of each step, which was run alone."""

    def run(folder):
        pipeline = _of_coins(folder)
        return json.dumps({step: asdict(pipeline.run(step)) for step in STEPS})

    def made():
        folder, text = once.made(tmp_path_factory, "run_of_coins", run)
        return _of_coins(folder), {step: Result(**result) for step, result in json.loads(text).items()}

    return made


def _of_coins(folder):
    return Pipeline(folder / "data", ("--pipeline-source", "sample", "--pipeline-coins", ",".join(THREE_COINS)))


@pytest.fixture
def finished(first_run, tmp_path):
    """The pipeline on a copy of a finished run's data."""
    pipeline, _ = first_run
    return pipeline.copy_to(tmp_path / "finished")


@pytest.fixture(scope="session")
def workers(tmp_path_factory):
    """Three at a time, or two in each of two test processes: what two cores carry, if some wait for an answer."""
    tmp_path_factory.getbasetemp()  # which two threads cannot make at once
    with ThreadPoolExecutor(max_workers=2 if "PYTEST_XDIST_WORKER" in os.environ else 3) as executor:
        yield executor
        executor.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def run_ahead(request, workers):
    """A function that starts `run(case)` for each of the cases that tests were selected for, and returns the futures.

    So a table takes less time, and each test still shows its own outcome. With `at_once` it is `run(cases)`, the same
    future for all of them.
    """
    futures: list[Future[Any]] = []

    def start(run, cases, *, at_once=False):
        of_tests = [item.callspec.params.get("case") for item in request.session.items if _is_of(item, request)]
        selected = [case for case in cases if case in of_tests]
        if at_once and selected:
            started = dict.fromkeys(selected, workers.submit(run, cases))
        else:
            started = {case: workers.submit(run, case) for case in selected}
        futures.extend(started.values())
        return started

    yield start
    for future in futures:
        future.cancel()


@pytest.fixture(scope="module")
def begin_ahead(request, workers):
    """A function that starts `run(*arguments)`, and returns the future, if selected tests ask for the fixture."""

    def begin(fixture, run, *arguments):
        of_module = (item for item in request.session.items if item.path == request.path)
        is_asked_for = any(fixture in item.fixturenames for item in of_module)
        return workers.submit(run, *arguments) if is_asked_for else None

    return begin


def _is_of(item, request):
    return item.path == request.path and hasattr(item, "callspec")
