"""What a person sees on the terminal: one line for each step, one line for a failure.

Configures logging, in this one place and only for a run. Logs go to stderr, results to stdout.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import date

from btc_pipeline.errors import PipelineError
from btc_pipeline.market import instants
from btc_pipeline.observe.run_state import CURRENT, Done

_logger = logging.getLogger("btc_pipeline")
info, warning, error = _logger.info, _logger.warning, _logger.error


def prepare() -> None:
    """Set up logging, once: our steps at INFO, Luigi's own lines from WARNING on, no tracebacks of our errors."""
    if _logger.handlers:
        return
    handler = _Lines(sys.stderr)
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", instants.FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False
    scheduler_log = logging.getLogger("luigi-interface")
    scheduler_log.addFilter(_one_line)
    if not scheduler_log.handlers and not logging.getLogger().handlers:
        scheduler_log.addHandler(handler)
        scheduler_log.setLevel(logging.WARNING)


class _Lines(logging.StreamHandler):  # type: ignore[type-arg] # Python 3.10 has no type arguments for it
    """A line that cannot be written is lost: there is no other place to say so. Python would try a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do nothing."""


def hush() -> None:
    """From here on log only warnings and errors."""
    prepare()
    _logger.setLevel(logging.WARNING)


def done(step: str, day: date, seconds: float, facts: dict[str, object]) -> None:
    """Say that a step is done for a day, and remember it for the end of the run."""
    CURRENT.done.append(Done(step, day, seconds))
    shown = " ".join(f"{key}={value}" for key, value in facts.items())
    _logger.info("%s done %s seconds=%.2f", step, shown, seconds)


def _one_line(record: logging.LogRecord) -> bool:
    """A logging filter: Luigi shows the line of our own errors, without a traceback."""
    reason = record.exc_info[1] if record.exc_info else None
    if isinstance(reason, PipelineError):
        record.msg, record.args, record.exc_info, record.exc_text = "%s", (reason,), None, None
    return True
