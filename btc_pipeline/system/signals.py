"""SIGINT, SIGTERM and SIGHUP end a command with one line and exit code 130, 143 or 129, at any time.

While a step is at work, a signal raises `StoppedError` in it, so that the step cleans up and Luigi tells its scheduler.
At any other time the process ends at once, and so does a step that does not end in time, or that gets a second signal.
That is safe at every instant: all that a run writes is whole or not there.

Imports nothing of the project.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 10
"""So long may a step clean up."""

_SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
"""On a terminal: the line of a bar goes, and the cursor that it has hidden comes back."""

_at_work: list[str] = []
_stopped_by: list[int] = []
_kill_children: set[Callable[[], object]] = set()


class StoppedError(KeyboardInterrupt):
    """A signal has stopped a step. (Luigi lets no other kind of exception through.)"""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.name = signal.Signals(number).name


def take_over() -> None:
    """From now on this module answers the signals; one that is ignored, as `nohup` does, stays ignored."""
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # while Python ends, no handler is left for the alarm
    for number in NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)


@contextlib.contextmanager
def raised_in(step: str) -> Iterator[None]:
    """Within it, the first signal raises `StoppedError`, whatever the code that it hits makes of it.

    DuckDB raises another error in its place, and a library may swallow it.
    """
    if _stopped_by:  # another step was stopped, and Luigi goes on with this one
        raise StoppedError(_stopped_by[0])
    _at_work.append(step)
    try:
        yield
    except BaseException as error:
        if _stopped_by:
            raise StoppedError(_stopped_by[0]) from error
        raise
    finally:
        _at_work.pop()
    if _stopped_by:
        raise StoppedError(_stopped_by[0])


def kill_too(kill: Callable[[], object]) -> None:
    """From now on, a signal that ends the process at once calls this: a child is killed with its parent."""
    _kill_children.add(kill)


def spare(kill: Callable[[], object]) -> None:
    """Take back `kill_too`: the child has ended."""
    _kill_children.discard(kill)


def _answer(number: int, frame: FrameType | None) -> None:
    del frame
    if not _at_work or _stopped_by:
        _end(number)
    _stopped_by.append(number)
    signal.signal(signal.SIGALRM, lambda *_: _end(number))
    signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
    raise StoppedError(number)


def _end(number: int) -> NoReturn:
    """End at once. Nothing here may wait for a lock that the interrupted code holds, so no logging and no print."""
    who = _at_work[-1] if _at_work else "the command"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = f"{now} ERROR {who} was stopped by {signal.Signals(number).name}. Next: run it again\n"
    with contextlib.suppress(OSError):
        os.write(2, (_SHOW_CURSOR if os.isatty(2) else b"") + line.encode())
    for kill in _kill_children:
        with contextlib.suppress(OSError):
            kill()
    os._exit(128 + number)
