"""Child processes that a later step will need, started while an earlier one works.

The imports of dbt and of mplfinance take longer than the fetch; on a second core they cost no time. A child that
is never taken ends with this process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from btc_pipeline.system.child_process import Child

_started: dict[str, Child] = {}  # by what they prepare


def start(module: str, log: Path, preparation: Mapping[str, Any]) -> None:
    """Start a child without a job, unless one is waiting already."""
    name = _name(module, log, preparation)
    if name not in _started:
        _started[name] = Child(module, log, preparation)


def take(module: str, log: Path, preparation: Mapping[str, Any]) -> Child:
    """The child that waits, or a new one."""
    start(module, log, preparation)
    return _started.pop(_name(module, log, preparation))


def _name(module: str, log: Path, preparation: Mapping[str, Any]) -> str:
    return json.dumps([module, str(log), preparation], sort_keys=True)
