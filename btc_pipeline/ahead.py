"""Child processes that a later step will need, started while an earlier one works.

The imports of dbt and of mplfinance take longer than the fetch; on a second core they cost nothing. A child that
is never taken ends with this process.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from btc_pipeline.children import Child

_started: dict[str, Child] = {}


def start(module: str, log: Path, preparation: Mapping[str, Any]) -> None:
    """Start a child without a job, unless one is waiting already."""
    if module not in _started:
        _started[module] = Child(module, log, preparation)


def take(module: str, log: Path, preparation: Mapping[str, Any]) -> Child:
    """The child that waits, or a new one."""
    start(module, log, preparation)
    return _started.pop(module)
