"""What dbt says of a node of the project: a model or a test."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]
"""Its outcome: `kind`, `name`, `status`, `message`; of a data test `meaning` and `severity`, as `meanings` reads them;
of a failed test `places`, as `failing_rows` gives them.
"""
