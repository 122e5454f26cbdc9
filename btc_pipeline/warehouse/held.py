"""Is a DuckDB file held for writing by another program? Waits a while, then says who holds it.

The process that asks must not have the file open: closing any descriptor of a file ends DuckDB's own lock on it.
"""

from __future__ import annotations

import errno
import fcntl
import time
from pathlib import Path

from btc_pipeline.errors import PipelineError
from btc_pipeline.warehouse import duckdb_files

PATIENCE_SECONDS = 10.0


def wait_until_free(path: Path, error: type[PipelineError]) -> None:
    """Return when no program has the file open for writing, or if there is no file. Readers are no obstacle.

    Raises:
        PipelineError: of this class, if a program still has it open after ten seconds. It names the program.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while _is_held(path) and (holder := duckdb_files.writer_of(path)):
        if time.monotonic() > give_up_at:
            raise error(
                f"the published file is open for writing in {holder}",
                "close it there, then run it again; to read the file, open it read-only",
                file=path,
            )
        time.sleep(0.25)


def _is_held(path: Path) -> bool:
    """Whether a program has a write lock on the file. Asks without DuckDB, which could replay a write-ahead log."""
    try:
        with path.open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return True
        raise
    return False
