"""Which processes answer signals, and how: at work by an error, at any other time by an end at once."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from btc_pipeline.system import import_path

CODES = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
PROGRAM = """
import os, signal, subprocess, sys, time
from btc_pipeline.system import signals
signals.take_over()
silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True, **silent)
signals.kill_too(child.kill)
"""


def ended(code, number, **options):
    """A process of this code that is told when it waits, and then gets a signal: exit code and standard error."""
    command = [sys.executable, "-c", f"{PROGRAM}\n{code}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_signal_between_steps_ends_at_once_with_one_line(number, code):
    exit_code, stderr = ended("print('waits', flush=True); time.sleep(60)", number)
    assert (exit_code, len(stderr.splitlines())) == (code, 1)
    assert stderr.endswith(f"ERROR the command was stopped by {number.name}. Next: run it again\n")


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_signal_at_work_is_raised_in_the_step_so_that_it_can_clean_up(number, code):
    work = """
try:
    with signals.raised_in("Transform"):
        print("waits", flush=True)
        time.sleep(60)
except signals.StoppedError as stopped:
    sys.exit(f"cleaned up after {stopped.name}")
"""
    assert ended(work, number) == (1, f"cleaned up after {number.name}\n"), code


@pytest.mark.parametrize("then", ["raise RuntimeError('Query interrupted')", "pass"], ids=["replaced", "swallowed"])
def test_a_signal_counts_also_if_a_library_makes_another_error_of_it_or_none(then):
    work = f"""
try:
    with signals.raised_in("Transform"):
        try:
            print("waits", flush=True)
            time.sleep(60)
        except BaseException:
            {then}
except signals.StoppedError as stopped:
    sys.exit(f"cleaned up after {{stopped.name}}")
"""
    assert ended(work, signal.SIGTERM) == (1, "cleaned up after SIGTERM\n")


def test_a_step_that_does_not_end_in_time_is_ended():
    work = """
signals.GRACE_SECONDS = 0.01
with signals.raised_in("Transform"):
    try:
        print("waits", flush=True)
        time.sleep(60)
    except signals.StoppedError:
        time.sleep(60)
"""
    exit_code, stderr = ended(work, signal.SIGTERM)
    assert (exit_code, "Transform was stopped by SIGTERM" in stderr, "Traceback" in stderr) == (143, True, False)


def test_a_second_signal_does_not_wait_for_a_step():
    work = """
with signals.raised_in("Transform"):
    try:
        print("waits", flush=True)
        time.sleep(60)
    except signals.StoppedError:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
"""
    assert ended(work, signal.SIGTERM)[0] == 130


def test_a_step_that_has_cleaned_up_has_all_the_time_for_its_last_lines():
    work = """
import atexit
signals.GRACE_SECONDS = 0.2
try:
    with signals.raised_in("Transform"):
        print("waits", flush=True)
        time.sleep(60)
except signals.StoppedError:
    atexit.register(time.sleep, 0.1)
    class Slow:
        def __del__(self, sleep=time.sleep):
            sleep(0.3)
    slow = Slow()
    sys.exit(143)
"""
    assert ended(work, signal.SIGTERM)[0] == 143


def test_a_child_ends_with_its_parent():
    work = "print(child.pid, file=sys.stderr); print('waits', flush=True); time.sleep(60)"
    exit_code, stderr = ended(work, signal.SIGHUP)
    pid = int(stderr.splitlines()[0])
    assert exit_code == 129
    give_up_at = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < give_up_at, "the child lives on"
        time.sleep(0.01)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_the_shell_has_set_to_be_ignored_stays_ignored(number):
    ignored = f"signal.signal({int(number)}, signal.SIG_IGN)"
    told = f"print(signal.getsignal({int(number)}) is signal.SIG_IGN); child.kill()"
    command = [sys.executable, "-c", f"import signal; {ignored}\n{PROGRAM}\n{told}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "True\n"


@pytest.mark.parametrize(
    ("program", "is_command"),
    [
        ("/usr/bin/luigi", True),
        ("/opt/x/.venv/bin/btc-pipeline", True),
        ("/usr/lib/python3/site-packages/luigi/__main__.py", True),
        ("-m", True),
        ("/usr/lib/python3/site-packages/pytest/__main__.py", False),
        ("/usr/lib/python3/site-packages/ipykernel_launcher.py", False),
        ("-c", False),
        ("", False),
    ],
)
def test_only_a_command_answers_signals_and_no_program_that_imports_the_package(program, is_command, monkeypatch):
    monkeypatch.setattr(sys, "argv", [program])
    assert import_path.is_command() == is_command
