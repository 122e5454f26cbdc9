"""How a run ends: with the exit code of the failed step's error. A mistake before any step is one line.

When it is imported, Luigi uses the exit codes of our errors, and our defaults for what luigi.cfg does not set.
"""

from __future__ import annotations

import logging
from typing import NoReturn

import luigi
from luigi.cmdline_parser import CmdlineParser
from luigi.retcodes import retcode

from btc_pipeline.errors import ConfigurationError, PipelineError
from btc_pipeline.observe import log
from btc_pipeline.observe.run_state import CURRENT, Failed
from btc_pipeline.settings import luigi_defaults
from btc_pipeline.system import os_advice

luigi_defaults.hold()


def stop(error: PipelineError) -> NoReturn:
    """End before any step: on Luigi's command line with the error's line and exit code, else by raising it."""
    if CmdlineParser.get_instance() is None:
        raise error
    log.prepare()
    log.error("%s", error)
    raise SystemExit(error.exit_code)


def _one_line_of_the_system(record: logging.LogRecord) -> bool:
    """A logging filter: what the system refuses to Luigi itself, before any step, is one line with an exit code."""
    error = record.exc_info[1] if record.exc_info else None
    if record.getMessage().startswith("Uncaught exception in luigi") and isinstance(error, OSError):
        log.prepare()
        told = ConfigurationError(f"Luigi cannot work here: {error}", os_advice.of(str(error), "run it again"))
        retcode().unhandled_exception = told.exit_code
        record.msg, record.args, record.exc_info, record.exc_text = str(told), (), None, None
    return True


logging.getLogger("luigi-interface").addFilter(_one_line_of_the_system)


@luigi.Task.event_handler(luigi.Event.FAILURE)  # type: ignore[untyped-decorator] # Luigi has no types here
def _exit_as_the_error_says(task: luigi.Task, error: BaseException) -> None:
    """Luigi has one exit code for all failed tasks: set it to the error's own; of several errors, to the smallest."""
    day, pair = getattr(task, "date", None), getattr(task, "pair", "")
    code = getattr(error, "exit_code", 1)
    CURRENT.failed.append(Failed(task.get_task_family(), day, str(error), str(pair), code))
    retcode().task_failed = CURRENT.exit_code
