"""Cases that `make test` and `make long` leave to `make sweep`: more of the same, each a run of the pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def swept(cases: Iterable[Any]) -> list[Any]:
    """The cases for `parametrize`, marked as a sweep's."""
    return [pytest.param(case, marks=pytest.mark.sweep) for case in cases]
