"""What a person sees on the terminal: one line for each step, one line for a failure.

Configures logging, in this one place and only when a run asks for it. Logs go to stderr, results to stdout.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import date
from typing import NoReturn

import luigi
from luigi.cmdline_parser import CmdlineParser
from luigi.retcodes import retcode

from btc_pipeline import outcomes
from btc_pipeline.errors import PipelineError
from btc_pipeline.market import instants

log = logging.getLogger("btc_pipeline")


def prepare() -> None:
    """Set up logging, once: our steps at INFO, Luigi's own lines from WARNING on, no tracebacks of our errors."""
    if log.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", instants.FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    scheduler_log = logging.getLogger("luigi-interface")
    scheduler_log.addFilter(_one_line)
    if not scheduler_log.handlers and not logging.getLogger().handlers:
        scheduler_log.addHandler(handler)
        scheduler_log.setLevel(logging.WARNING)


def hush() -> None:
    """Say nothing from here on but warnings and errors."""
    prepare()
    log.setLevel(logging.WARNING)


def stop(error: PipelineError) -> NoReturn:
    """End before any step: on Luigi's command line with the error's line and exit code, else by raising it."""
    if CmdlineParser.get_instance() is None:
        raise error
    prepare()
    log.error("%s", error)
    raise SystemExit(error.exit_code)


def done(step: str, day: date, seconds: float, facts: dict[str, object]) -> None:
    """Say that a step is done for a day, and remember it for the end of the run."""
    outcomes.done.append(outcomes.Done(step, day, seconds))
    shown = " ".join(f"{key}={value}" for key, value in facts.items())
    log.info("%s done %s seconds=%.2f", step, shown, seconds)


@luigi.Task.event_handler(luigi.Event.FAILURE)  # type: ignore[untyped-decorator] # Luigi has no types here
def _exit_as_the_error_says(task: luigi.Task, error: BaseException) -> None:
    """Luigi has one exit code for all failed tasks; make it the error's own, of several the smallest."""
    day, pair = getattr(task, "date", None), getattr(task, "pair", "")
    outcomes.failed.append(outcomes.Failed(task.get_task_family(), day, str(error), str(pair)))
    _failed.append(getattr(error, "exit_code", 1))
    retcode().task_failed = min(_failed)


_failed: list[int] = []


def _one_line(record: logging.LogRecord) -> bool:
    """A logging filter: of our own errors Luigi shall show the line and not the traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, PipelineError):
        record.msg, record.args, record.exc_info, record.exc_text = "%s", (error,), None, None
    return True
