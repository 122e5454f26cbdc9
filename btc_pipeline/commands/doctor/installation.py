"""The doctor's checks of what is installed: Python, the packages, DuckDB."""

from __future__ import annotations

import sys
from datetime import date

from btc_pipeline.commands.doctor import packages
from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.system.project import IS_INSTALLED
from btc_pipeline.warehouse import duckdb_release

INSTALL = "install btc_pipeline again" if IS_INSTALLED else "make clean install"
_INSTALL_FOR_PYTHON = "install it for one of these" if IS_INSTALLED else "make install PYTHON=python3.11"
_PYTHONS = ((3, 10), (3, 12))


def python() -> Check:
    """Whether this Python is one that the project is tested with."""
    shown = ".".join(map(str, sys.version_info[:3]))
    if _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1]:
        return Check("Python", "ok", shown)
    return Check("Python", "failed", f"{shown}; 3.10, 3.11 or 3.12 are needed", _INSTALL_FOR_PYTHON)


def required_packages() -> Check:
    """Whether all packages are there, and whether the installed versions are those that are required."""
    if missing := packages.missing():
        return Check("packages", "failed", f"not installed: {', '.join(missing)}", INSTALL)
    required_by, fitting, differing = packages.compared()
    if differing:
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        facts = f"not as {required_by} requires them: {', '.join(differing[:3])}{more}"
        return Check("packages", "warning", facts, INSTALL)
    return Check("packages", "ok", f"{fitting} as {required_by} requires them")


def duckdb(version: str, today: date) -> Check:
    """Whether DuckDB can be trusted with a long history, and whether the choice of its version is old."""
    if duckdb_release.crashes_with_threads(version):
        facts = f"{version} can crash on a long history, so it works with one thread"
        return Check("DuckDB", "warning", facts, duckdb_release.HOW_TO_OVERRIDE)
    if today >= duckdb_release.DECIDE_AGAIN:
        facts = f"{version} was chosen against airbyte's pin; from {duckdb_release.DECIDE_AGAIN} on, choose again"
        return Check("DuckDB", "warning", facts, "look for a newer btc_pipeline, or see docs/decisions/0014")
    return Check("DuckDB", "ok", version)
