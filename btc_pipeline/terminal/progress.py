"""How far a long step is: a bar on a terminal, a line now and then in a log.

Shows; decides nothing. Rich is imported for a terminal only.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from btc_pipeline.observe import log

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_FROM_ON = 4  # what is done in a moment needs no bar
_SECONDS_BETWEEN_LINES = 30.0

_BAR_WIDTH, _OTHER_COLUMNS, _MOST_LETTERS = 20, 50, 30  # so that nothing moves but the bar

_bar: list[tuple[Progress, TaskID]] = []
_last_line_at = [0.0]


def show(step: str, done: int, total: int, what: str) -> None:
    """So many of so many are done."""
    if sys.stderr.isatty():
        _show_bar(step, done, total, what)
    elif "waits" in what or (total >= _FROM_ON and time.monotonic() - _last_line_at[0] > _SECONDS_BETWEEN_LINES):
        if _last_line_at[0] or "waits" in what:
            log.info("%s %d of %d: %s", step, done, total, what)
        _last_line_at[0] = time.monotonic()


def end() -> None:
    """The step is over: the bar goes, and leaves the line of the step."""
    while _bar:
        _bar.pop()[0].stop()
    _last_line_at[0] = 0.0


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
