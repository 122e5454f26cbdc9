"""The systemd unit: the whole chain does with the system calls that it allows."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command_line import Pipeline
from tests.support import seccomp

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "btc-pipeline.service"
UNDER = (sys.executable, "-m", "tests.support.seccomp")
CALLS = {
    "mbind": "libc.syscall(237, 0, 0, 0, 0, 0, 0)",
    "nice": "libc.nice(5)",
    "sched_setaffinity": "libc.sched_setaffinity(0, 0, 0)",
    "mount": "libc.mount(b'none', b'/none', b'tmpfs', 0, 0)",
    "reboot": "libc.syscall(169, 1, 2, 3, 0)",
}
"""Calls that the unit refuses."""

lacks = seccomp.missing()
pytestmark = pytest.mark.skipif(bool(lacks), reason=f"NOT RUN: this machine has no {lacks}")


def _called(unit: Path, call: str) -> int:
    """The error number that a program gets for a call, or minus the signal that ended it."""
    program = f"import ctypes, sys; libc = ctypes.CDLL(None, use_errno=True); {call}; sys.exit(ctypes.get_errno())"
    command = [*UNDER, str(unit), sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_call_is_an_error_and_no_death(call: str) -> None:
    assert call not in seccomp.allowed(UNIT)
    assert _called(UNIT, CALLS[call]) == 1


def test_without_the_error_number_such_a_call_kills(tmp_path: Path) -> None:
    unit = tmp_path / "unit.service"
    unit.write_text(UNIT.read_text().replace("SystemCallErrorNumber=EPERM\n", ""))
    assert _called(unit, CALLS["mbind"]) == -signal.SIGSYS


@pytest.mark.long
def test_the_whole_chain_runs_under_the_filter_of_the_unit(tmp_path: Path) -> None:
    result = Pipeline(tmp_path / "data", wrapper=(*UNDER, str(UNIT))).run()
    assert result.exit_code == 0, result.stderr
    assert result.done == ["ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize"]
