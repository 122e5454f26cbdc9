"""How far a long step is: a bar on a terminal, which goes when the step is done; in a log a line now and then."""

import os
import subprocess
import sys
import threading

import pytest

from btc_pipeline.terminal import progress
from tests.support import pseudo_terminal

STEP = """
import sys, time
from btc_pipeline.observe import log
from btc_pipeline.terminal import progress
log.prepare()
total = int(sys.argv[1])
for done in range(total + 1):
    progress.show("ExtractHistory", done, total, sys.argv[2])
    time.sleep(0.15)
progress.end()
print("over", file=sys.stderr)
"""


def on_terminal(*arguments, columns="100"):
    """What a step shows on a terminal of so many columns."""
    environment = os.environ | {"COLUMNS": columns, "TERM": "xterm"}
    return pseudo_terminal.shown([sys.executable, "-c", STEP, *arguments], environment, stream="stderr")


def in_log(*arguments):
    """What a step writes into a log."""
    return subprocess.run(
        [sys.executable, "-c", STEP, *arguments], capture_output=True, text=True, check=True, timeout=60
    ).stderr


@pytest.fixture(scope="module")
def terminal():
    return on_terminal("6", "bitcoin/usd")


@pytest.mark.parametrize("words", ["ExtractHistory", "3/6", "bitcoin/usd"])
def test_a_terminal_shows_how_many_of_how_many_are_done(words, terminal):
    assert words in terminal


def test_the_bar_goes_when_the_step_is_over(terminal):
    erased = "\x1b[2K"
    assert erased in terminal[terminal.rindex("6/6") :]


def test_a_name_is_no_markup():
    assert "[bold]coin[/bold]" in on_terminal("5", "[bold]coin[/bold]")


def test_what_is_done_in_a_moment_has_no_bar():
    assert on_terminal("3", "bitcoin/usd").strip() == "over"


def test_a_long_name_is_cut_and_moves_nothing():
    shown = on_terminal("5", "a_test_whose_name_is_longer_than_the_place_for_it_on_a_narrow_terminal")
    assert "a_test_whose_name_is_longer_t…" in shown
    assert "than_the_place" not in shown
    assert "3/5" in shown


def test_on_a_narrow_terminal_the_name_gives_way():
    shown = on_terminal("5", "a_test_with_a_long_name", columns="56")
    assert "a_tes…" in shown
    assert "3/5" in shown


def test_a_log_has_no_bar():
    assert in_log("6", "bitcoin/usd").splitlines() == ["over"]


def test_a_log_says_what_a_step_waits_for():
    first, *_ = in_log("2", "waits 60 s: 5 calls a minute").splitlines()
    assert first.endswith("INFO ExtractHistory 0 of 2: waits 60 s: 5 calls a minute")


LIFE = """
import sys, threading, time
from btc_pipeline.observe import log
from btc_pipeline.terminal import progress
progress._SECONDS_BETWEEN_LINES = 0.05
log.prepare()
if sys.argv[1] == "quiet":
    log.hush()
told = threading.Event()
tell, log.info = log.info, lambda *line: (tell(*line), told.set())
with progress.alive("Transform"):
    progress.show("Test", 1, 2, "another step")
    if sys.argv[1] == "at":
        progress.show("Transform", 7, 49, "int_points")
    assert told.wait(30)
"""


def life(how):
    command = [sys.executable, "-c", LIFE, how]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr.splitlines()


def test_work_without_a_terminal_shows_life():
    assert life("plain")[0].endswith(" INFO Transform is at work for 0 s")


def test_a_sign_of_life_says_what_the_work_is_at():
    assert life("at")[0].endswith(" INFO Transform is at work for 0 s: 7 of 49: int_points")


def test_a_command_that_is_to_be_quiet_shows_no_life():
    assert life("quiet") == []


def test_work_that_is_over_shows_no_life():
    with progress.alive("Transform"):
        pass
    assert not [thread for thread in threading.enumerate() if thread.name == progress.THREAD and is_busy(thread)]


def is_busy(thread):
    thread.join(60)
    return thread.is_alive()
