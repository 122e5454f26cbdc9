"""How far a long step is: a bar on a terminal, which goes when the step is done; a line now and then in a log."""

import os
import subprocess
import sys

import pytest

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
