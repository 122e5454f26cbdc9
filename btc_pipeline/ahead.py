"""Child processes that a later step will need, started while an earlier one works.

dbt's import takes longer than the fetch; on a second core it costs nothing. A child that is never taken ends with
this process.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.children import Child

_started: dict[str, Child] = {}


def start(module: str, log: Path) -> None:
    """Start a child without a job, unless one is waiting already."""
    if module not in _started:
        _started[module] = Child(module, log)


def take(module: str, log: Path) -> Child:
    """The child that waits, or a new one."""
    start(module, log)
    return _started.pop(module)
