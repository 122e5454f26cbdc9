"""A signal at any time ends a run with one line and its exit code; nothing of the run lives on; a rerun goes on."""

import os
import signal
import time
from dataclasses import dataclass

import pytest

from tests.e2e import published
from tests.e2e.command_line import STEPS, Pipeline
from tests.support.swept import swept

pytestmark = pytest.mark.long

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
INSTANTS = range(1, 21)
EARLY = 5
"""Up to this instant no run has ended, however much faster it is than the one that was measured."""
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Stop:
    """A signal to the main process or to its whole group, after so many twentieths of what a run takes."""

    signal: signal.Signals
    instant: int

    @property
    def is_for_all(self) -> bool:
        """A terminal and systemd send it to all processes; `kill` to one."""
        return bool(self.instant % 2)

    def __str__(self) -> str:
        return f"{self.signal.name} to {'all' if self.is_for_all else 'one'} at {self.instant} of 20"


STOPS = [Stop(number, instant) for number in CODES for instant in INSTANTS]


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """A run that nothing stops: its result."""
    with Pipeline(tmp_path_factory.mktemp("whole") / "data").typed() as running:
        return running.wait()


@pytest.mark.parametrize("stop", swept(STOPS), ids=str)
def test_a_signal_at_any_time_ends_in_one_line_and_a_rerun_goes_on(stop, whole_run, tmp_path):
    pipeline = Pipeline(tmp_path / "data")
    with pipeline.typed() as running:
        time.sleep(whole_run.seconds * stop.instant / 20)
        if stop.is_for_all:
            for pid in running.processes():
                os.kill(pid, stop.signal)
        else:
            os.kill(running.process.pid, stop.signal)
        stopped = running.wait()
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while running.processes() and time.monotonic() < give_up_at:
            time.sleep(0.01)
        assert not running.processes()
    has_ended_before = stopped.exit_code == 0 and not stopped.errors
    assert stop.instant > EARLY or not has_ended_before
    assert has_ended_before or (stopped.exit_code, len(stopped.errors)) == (CODES[stop.signal], 1), stopped.stderr
    assert stop.signal.name in "".join(stopped.errors) or has_ended_before
    assert "Traceback" not in stopped.stderr
    rerun = pipeline.run()
    assert rerun.exit_code == 0, rerun.stderr
    assert {*stopped.done, *rerun.done} == set(STEPS)
    assert published.leftovers(pipeline.data_dir) == []
