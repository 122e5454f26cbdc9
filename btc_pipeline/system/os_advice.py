"""What to do about what the operating system says, whichever process or library passes it on.

Imports nothing of the project.
"""

from __future__ import annotations

_BY_SIGN = (
    (("No space left", "Disk quota exceeded"), "free space, or inodes (`df -h`, `df -i`), and run it again"),
    (("Too many open files",), "raise the limit of open files (`ulimit -n`), and run it again"),
    (("Input/output error", "fsync failed"), "the disk has a fault: look into `dmesg`, then run it again"),
    (("Cannot allocate memory", "Out of Memory Error", "MemoryError"), "free memory, then run it again"),
    (("Read-only file system",), "mount it for writing, or set [pipeline] data_dir to another place"),
)
"""Parts of the system's own words, and of DuckDB's."""


def of(reason: str, otherwise: str) -> str:
    """The advice for a reason that the operating system gave; `otherwise` if it is another one."""
    return next((advice for signs, advice in _BY_SIGN if any(sign in reason for sign in signs)), otherwise)
