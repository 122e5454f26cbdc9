"""One working run per workspace: a lock that ends with its process.

Knows nothing of tasks or databases. The lock is flock(2) on a file of our own, because Luigi's own lock
is keyed on the command line and DuckDB's can be lost.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.errors import AlreadyRunningError, ConfigurationError

_PATIENCE_SECONDS = 2.0
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
_held: dict[Path, int] = {}
_signed: set[Path] = set()


def hold(path: Path) -> None:
    """Take the lock and keep it until the process ends. Does nothing if it is held already, or if there is no file yet.

    Writes nothing: a run with nothing to do leaves no trace.

    Raises:
        AlreadyRunningError: another process has held it for two seconds; says who.
        ConfigurationError: the file system has no locks.
    """
    if path in _held:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    _lock(descriptor, path)
    _held[path] = descriptor


def hold_and_sign(path: Path) -> bool:
    """Take the lock, creating its file, and write into it who holds it.

    Returns:
        True at the first call of this process: the run begins to work.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # below /proc and the like
        raise PermissionError(errno.EACCES, "no folder can be made here", str(path.parent)) from error
    path.touch(mode=0o644)
    hold(path)
    if path in _signed:
        return False
    holder = {"pid": os.getpid(), "since": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    path.write_text(json.dumps(holder) + "\n")
    _signed.add(path)
    return True


def try_out(path: Path) -> None:
    """Take the lock of a file that nobody else uses, and give it back.

    Raises:
        OSError: the file system has no such locks.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def holder(path: Path) -> dict[str, object] | None:
    """Who is at work: process id and since when; None if nobody is. It changes nothing and does not wait.

    Takes a shared lock and gives it back at once; a run that begins in this very moment tries again.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(path) or {"pid": "?"}
    except OSError:  # no locks here: a run will say so
        return None
    finally:
        os.close(descriptor)
    return None


def _lock(descriptor: int, path: Path) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < give_up_at:
                time.sleep(0.05)
                continue
            os.close(descriptor)
            holder = _holder(path)
            raise AlreadyRunningError(
                "another run is working on this data",
                "wait for it to end",
                pid=holder.get("pid", "?"),
                since=holder.get("since", "?"),
                lock=path,
            ) from None
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NO_LOCKS:
                raise ConfigurationError(
                    f"the file system has no locks: {error.strerror}",
                    "put [pipeline] data_dir on a local disk",
                    lock=path,
                ) from None
            raise
        return


def _holder(path: Path) -> dict[str, object]:
    try:
        holder = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
