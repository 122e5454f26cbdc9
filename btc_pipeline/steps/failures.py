"""A step's failure in our words: what the system or DuckDB says, as an error of the step, with the hint that helps.

Knows no Luigi, and raises nothing.
"""

from __future__ import annotations

import errno

from btc_pipeline.errors import ConfigurationError, InterruptionError, PipelineError, error_of
from btc_pipeline.system import os_advice
from btc_pipeline.system.signals import StoppedError

_NO_FOLDER_FOR_US = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR),
    *(errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG),
}


def in_our_words(step: str, of_step: type[PipelineError], error: Exception) -> PipelineError:
    """An error of the operating system or of DuckDB, as an error of this step.

    Args:
        step: its name.
        of_step: the class of its errors, which has the exit code.
        error: an OSError, or a DatabaseError of `warehouse/`.
    """
    reason, number = str(error), error.errno if isinstance(error, OSError) else None
    if number in _NO_FOLDER_FOR_US or "Permission denied" in reason:
        return ConfigurationError(
            f"{step}: the data folder cannot be written: {reason}", "correct its rights or [pipeline] data_dir"
        )
    what = "the disk is full: " if "No space left" in reason else ""
    return of_step(f"{step}: {what}{reason}", os_advice.of(reason, "run it again"))


def interrupted(step: str, interruption: KeyboardInterrupt) -> PipelineError:
    """A signal, as the error whose exit code says which."""
    if not isinstance(interruption, StoppedError):
        return InterruptionError(f"{step} was interrupted", "run it again: it continues here")
    kind = error_of(128 + interruption.number)
    return kind(f"{step} was stopped by {interruption.name}", "run it again: it continues here")
