"""Where the project's own files lie: in a checkout beside the package, in an installed wheel inside it.

Imports nothing of the project.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def _of(name: str) -> Path:
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


DBT_PROJECT = _of("dbt_project")
"""The dbt project: models, macros, seeds, tests."""

IS_INSTALLED = DBT_PROJECT.parent == PACKAGE
"""Whether this is an installed wheel, which is never written to, and no checkout."""
