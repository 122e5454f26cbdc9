"""Core dumps: a dump is all that is in memory, so a process that knows the key must leave none.

Imports nothing of the project.
"""

from __future__ import annotations

import resource


def forbid() -> None:
    """For this process and for the children that it starts from now on.

    A limit of 1 byte, and not of 0, is what Linux obeys if dumps go to a program.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0 if hard == 0 else 1, hard))
