"""How far long work is: a bar on a terminal; where there is none, a line now and then.

Shows; decides nothing. Rich is imported for a terminal only.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from btc_pipeline.observe import log

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_FROM_ON = 4  # what is done in a moment needs no bar
_SECONDS_BETWEEN_LINES, _LATER, _FROM_SECOND_ON = 10.0, 60.0, 600.0
"""A line each ten seconds, and each minute if the work takes more than ten of them."""


_BAR_WIDTH, _OTHER_COLUMNS, _MOST_LETTERS = 20, 50, 30  # so that nothing moves but the bar

THREAD = "signs of life"

_bar: list[tuple[Progress, TaskID]] = []
_at: dict[str, str] = {}


@contextlib.contextmanager
def alive(work: str) -> Iterator[None]:
    """Within it, each ten seconds without a bar have a line: how long this work goes on, and what it is at."""
    over = threading.Event()
    thread = threading.Thread(target=_show_life, name=THREAD, args=(work, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(1)  # so that no line comes after the last one of the work


def _show_life(work: str, over: threading.Event) -> None:
    started, seconds = time.monotonic(), 0.0
    while not over.wait(_SECONDS_BETWEEN_LINES if seconds < _FROM_SECOND_ON else _LATER):
        seconds = time.monotonic() - started
        if not _bar:
            at = _at.get(work)
            log.info("%s is at work for %d s%s", work, seconds, f": {at}" if at else "")


def show(step: str, done: int, total: int, what: str) -> None:
    """So many of so many are done."""
    _at[step] = f"{done} of {total}: {what}"
    if sys.stderr.isatty():
        _show_bar(step, done, total, what)
    elif "waits" in what:
        log.info("%s %s", step, _at[step])


def end() -> None:
    """The step is over: the bar goes, and leaves the line of the step."""
    while _bar:
        _bar.pop()[0].stop()
    _at.clear()


def _show_bar(step: str, done: int, total: int, what: str) -> None:
    if not _bar:
        if total < _FROM_ON and "waits" not in what:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=_BAR_WIDTH),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[what]}", markup=False),
        )
        terminal = Console(stderr=True)
        # With a redirect, the object in the place of sys.stderr says that it is not a terminal
        bar = Progress(*columns, console=terminal, transient=True, redirect_stdout=False, redirect_stderr=False)
        bar.start()
        _bar.append((bar, bar.add_task(step, total=total, what="")))
    bar, task = _bar[0]
    bar.update(task, completed=done, total=total, what=_shortened(what, bar.console.width - _OTHER_COLUMNS))


def _shortened(what: str, room: int) -> str:
    most = max(0, min(room, _MOST_LETTERS))
    return what if len(what) <= most else f"{what[: most - 1]}…" if most else ""
