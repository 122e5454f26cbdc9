"""Which DuckDB is chosen, and which must not work with several threads (docs/decisions/0014).

Knows versions only; `duckdb_files` knows the installed one.
"""

from __future__ import annotations

import re
from datetime import date

LOCKED = "1.5.5"
"""What requirements.lock takes; a test compares them."""

DECIDE_AGAIN = date(2027, 6, 1)
"""The day from which `doctor` warns that the choice of `LOCKED` is old."""

HOW_TO_OVERRIDE = f"pip install duckdb=={LOCKED} in this environment (pipx, uv: docs/install.md), against airbyte's pin"

_FIRST_WITHOUT_CRASH = (1, 4, 4)


def crashes_with_threads(version: str) -> bool:
    """Whether this DuckDB can crash on a long history if it works with more than one thread."""
    return tuple(map(int, re.findall(r"\d+", version)[:3])) < _FIRST_WITHOUT_CRASH
