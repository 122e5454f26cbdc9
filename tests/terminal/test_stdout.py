"""Standard output: colours on a terminal and nowhere else, ASCII where there is nothing better, readers that leave."""

import os
import subprocess
import sys

import pytest

from tests.support import pseudo_terminal
from tests.support.patience import PATIENCE

SHOWN = """
from btc_pipeline.terminal import stdout
stdout.write([[("up ", "up"), ("▲ −1", "")], [("loud", "loud")]])
"""
FOREIGN = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "TTY_", "PYTHONIOENCODING", "CLICOLOR")


def environment(**more):
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | more


def on_terminal(**more):
    return pseudo_terminal.shown([sys.executable, "-c", SHOWN], environment(**more))


def in_pipe(**more):
    command = [sys.executable, "-c", SHOWN]
    return subprocess.run(
        command, env=environment(**more), capture_output=True, check=True, timeout=PATIENCE
    ).stdout.decode()


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
def test_a_terminal_has_colours(term):
    assert "\x1b[" in on_terminal(TERM=term)


@pytest.mark.parametrize("more", [{"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_that_wants_no_colours_has_none(more):
    assert on_terminal(**more) == "up ▲ −1\r\nloud\r\n"


def test_a_pipe_has_no_colours():
    assert in_pipe(TERM="xterm-256color") == "up ▲ −1\nloud\n"


def test_without_unicode_marks_and_signs_are_ascii():
    assert in_pipe(PYTHONIOENCODING="ascii") == "up ^ -1\nloud\n"


@pytest.mark.parametrize("redirection", ["| true", "| head -c 1", ">&-"])
def test_a_reader_that_is_gone_is_no_error(redirection):
    many = "from btc_pipeline.terminal import stdout; [stdout.write_text('x' * 100_000) for _ in range(5)]"
    command = f'"$0" -c "$1" {redirection}; echo "${{PIPESTATUS[0]}}"'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable, many], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.stdout[-2:], ended.stderr) == ("0\n", "")
