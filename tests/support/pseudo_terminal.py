"""A terminal that is none: what a program shows on it."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def shown(command: Sequence[str | Path], environment: Mapping[str, str], *, stream: str = "stdout") -> str:
    """What a program writes to `stdout`, or to `stderr`, where that is a terminal; it has to end with 0.

    TERM and COLUMNS of the environment say what kind of terminal it is, and how wide.
    """
    master, slave = pty.openpty()
    with subprocess.Popen(command, env=environment, **{stream: slave}) as process:  # type: ignore[call-overload]
        os.close(slave)
        written = b""
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while chunk := os.read(master, 1 << 16):
                written += chunk
    os.close(master)
    assert process.returncode == 0, written.decode()
    return written.decode()
