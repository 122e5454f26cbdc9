"""What the file system says of a file: enough to see that nobody has written to it since its checksum was taken.

Each write gives a file a new change time (`ctime`), which no program can choose. So a file with the same state has the
same content; one with another state may have it too, and only its checksum tells. What the file system cannot see is a
disk that forgets: what a night builds on is compared by its checksum. Imports nothing of the project.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

State = list[int]
"""Size, inode, time of the last write and of the last change in nanoseconds; empty if the state says nothing."""

_TICK = 11_000_000
"""In nanoseconds. A kernel stamps all writes of one tick, of at most 10 ms, alike."""

_FINEST = 1_000_000
"""In nanoseconds. A file system without finer stamps gives many writes the same one."""


def of(path: Path) -> State:
    """The state of a file as it is now; empty if there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # a name that can be none, as one with a null byte
        return []
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]


def settled(path: Path) -> State:
    """The state of a file that each later write will change; empty if the file system cannot promise it.

    Waits until the tick of the last write is over, if that is now.
    """
    state = of(path)
    if not state or os.name != "posix" or state[-1] % _FINEST == 0:
        return []
    age = time.time_ns() - state[-1]
    if 0 <= age <= _TICK:
        time.sleep((_TICK - age) / 1e9)
    return state if age >= 0 and of(path) == state else []
