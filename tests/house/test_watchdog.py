"""A test that hangs fails, and shows where it hung; the others go on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import watchdog
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
HANGS = """
import threading, pytest

def wait_for_what_never_comes():
    threading.Event().wait()

def work_without_end():
    while True: pass

@pytest.fixture
def hanging():
    wait_for_what_never_comes()

def test_that_waits():
    try:
        wait_for_what_never_comes()
    except Exception:
        pass

def test_that_turns():
    work_without_end()

def test_whose_fixture_waits(hanging):
    pass

def test_that_waits_for_a_thread():
    thread = threading.Thread(target=wait_for_what_never_comes, daemon=True)
    thread.start()
    thread.join()

def test_after_them():
    pass
"""
DEAF = """
import signal, threading

def test_that_hears_no_signal():
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    threading.Event().wait()
"""


def outcome_of(folder, source, *options):
    """What pytest says to these tests, with the project's settings but for the limit: a second and a half."""
    (folder / "test_hanging.py").write_text(source)
    settings = ["-c", ROOT / "pyproject.toml", "--rootdir", folder, "-p", "no:cacheprovider"]
    watched = ["-p", "tests.support.watchdog", "-o", "faulthandler_timeout=2", *options, folder / "test_hanging.py"]
    command = [sys.executable, "-m", "pytest", *settings, *watched]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "1", "--dist", "loadfile", "--no-loadscope-reorder")], ids=["", "-n"])
def test_a_test_that_hangs_fails_with_the_stack_of_where_it_hung_and_the_others_go_on(options, tmp_path):
    ended = outcome_of(tmp_path, HANGS, *options)
    assert re.search(r"\b3 failed, 1 passed, 1 error\b", ended.stdout), ended.stdout
    assert len(re.findall(r"line \d+ in wait_for_what_never_comes", ended.stdout)) == 3
    assert len(re.findall(r"line \d+ in work_without_end", ended.stdout)) == 1
    assert "test_that_waits hangs: it has taken 1.5 s" in ended.stdout


def test_a_test_that_hears_no_signal_ends_with_all_and_its_stack(tmp_path):
    ended = outcome_of(tmp_path, DEAF)
    assert ended.returncode != 0
    assert re.search(r"^Timeout .*in test_that_hears_no_signal$", ended.stderr, re.MULTILINE | re.DOTALL)


def test_each_test_has_a_watchdog_and_pytest_s_own_behind_it(pytestconfig):
    plugins = {hook.function for hook in pytestconfig.hook.pytest_runtest_call.get_hookimpls()}
    assert watchdog.pytest_runtest_call in plugins
    assert pytestconfig.getini("faulthandler_exit_on_timeout")


def test_a_program_is_given_up_before_the_test_that_waits_for_it(pytestconfig):
    assert watchdog.limit(pytestconfig) > PATIENCE
