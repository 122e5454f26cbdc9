"""What one check of the doctor has found: one line, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from btc_pipeline.errors import ConfigurationError


@dataclass(frozen=True)
class Check:
    """What one check has found. `code` is the exit code that it stands for if it failed."""

    name: str
    state: Literal["ok", "warning", "failed"]
    facts: str
    fix: str = ""
    code: int = ConfigurationError.exit_code


def looked(name: str, check: Callable[[], Check], fix: str = "correct it, e.g. [pipeline] data_dir") -> Check:
    """One check; it fails if the system does not let us look."""
    try:
        return check()
    except OSError as error:
        return Check(name, "failed", f"cannot be examined: {error}", fix)
