"""The systemd unit: systemd understands it, it is well closed, and the chain does with the calls that it allows."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command_line import Pipeline
from tests.support import seccomp
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "btc-pipeline.service"
UNDER = (sys.executable, "-m", "tests.support.seccomp")
EXPOSURE = 1.5
"""What systemd-analyze may say at most; from 0, closed, to 10. A service without such lines has 9.6."""

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
    return subprocess.run(command, cwd=ROOT, check=False, timeout=PATIENCE).returncode


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_call_is_an_error_and_no_death(call: str) -> None:
    assert call not in seccomp.allowed(UNIT)
    assert _called(UNIT, CALLS[call]) == 1


def test_without_the_error_number_such_a_call_kills(tmp_path: Path) -> None:
    unit = tmp_path / "unit.service"
    unit.write_text(UNIT.read_text().replace("SystemCallErrorNumber=EPERM\n", ""))
    assert _called(unit, CALLS["mbind"]) == -signal.SIGSYS


def _analysed(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says of the unit and its timer, as if they were installed."""
    text = UNIT.read_text().replace("/opt/btc_pipeline/.venv/bin/luigi", "/bin/true")
    (folder / UNIT.name).write_text(re.sub("^Documentation=.*\n", "", text, flags=re.MULTILINE))
    timer = shutil.copy(UNIT.with_suffix(".timer"), folder)
    paths = [folder / UNIT.name, *([timer] if "verify" in command else [])]
    return subprocess.run([*command, *paths], capture_output=True, text=True, check=False, timeout=60)


def test_systemd_understands_each_line_of_unit_and_timer(tmp_path: Path) -> None:
    ended = _analysed(tmp_path, "systemd-analyze", "verify")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_line_that_systemd_does_not_know_would_be_seen(tmp_path: Path) -> None:
    unit = tmp_path / "x.service"
    unit.write_text("[Service]\nType=oneshot\nExecStart=/bin/true\nKillMood=mixed\n")
    ended = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, timeout=60)
    assert "KillMood" in ended.stderr


def test_the_unit_is_well_closed(tmp_path: Path) -> None:
    most = ("--offline=true", f"--threshold={10 * EXPOSURE:.0f}")
    ended = _analysed(tmp_path, "systemd-analyze", "security", *most)
    assert ended.returncode == 0, ended.stdout.splitlines()[-1]


@pytest.mark.long
def test_the_whole_chain_runs_under_the_filter_of_the_unit(tmp_path: Path) -> None:
    result = Pipeline(tmp_path / "data", wrapper=(*UNDER, str(UNIT))).run()
    assert result.exit_code == 0, result.stderr
    assert result.done == ["ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize"]
