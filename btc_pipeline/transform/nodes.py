"""What dbt says of a node of the project: a model or a test."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]
"""Its outcome: `kind`, `name`, `status`, `message`; of a data test `meaning` and `severity`, as `meanings` reads them;
of a failed test `places`, as `failing_rows` gives them.
"""


def one_line(text: object) -> str:
    """What dbt or DuckDB says, in one line of at most 400 characters; empty if it says nothing."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= 400 else line[:397] + "..."
