"""A watchdog for each test: one that hangs fails, with the stacks of all threads, and the others go on.

It wakes the main thread by SIGALRM after three quarters of pytest's own `faulthandler_timeout`. That one ends the whole
process, and is left for a thread that hears no signal: pytest-xdist would begin the file's tests again.
"""

from __future__ import annotations

import faulthandler
import signal
import time
from collections.abc import Generator
from typing import Any

import pytest

_SHARE = 0.75
_DEADLINE = pytest.StashKey[float]()


def limit(config: pytest.Config) -> float:
    """How long one test may take, in seconds."""
    return _SHARE * float(config.getini("faulthandler_timeout"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    item.stash[_DEADLINE] = time.monotonic() + limit(item.config)
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """What a test that hung leaves behind still gets a tenth of the time."""
    return (yield from _watched(item, at_least=limit(item.config) / 10))


def _watched(item: pytest.Item, at_least: float = 0.001) -> Generator[None, Any, Any]:
    def bark(*_: object) -> None:
        faulthandler.dump_traceback(file=2)  # into what pytest shows of a test that failed
        pytest.fail(f"{item.nodeid} hangs: it has taken {limit(item.config):g} s")

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, max(at_least, item.stash[_DEADLINE] - time.monotonic()))
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
