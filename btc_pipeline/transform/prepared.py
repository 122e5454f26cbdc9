"""What dbt has prepared, kept for new workspaces: the parsed project, its compiled data tests, its tested units.

In a checkout it lies in the dbt project's own `target`; `make install` puts it there. Nothing is written into an
installed wheel: there the first run keeps it in the data folder. Imports nothing of dbt.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files
from btc_pipeline.system.project import DBT_PROJECT, IS_INSTALLED
from btc_pipeline.transform import data_tests, unit_test_results

_PREPARED = ("partial_parse.msgpack", data_tests.RECORD)


def folder(data_dir: Path) -> Path:
    """Where it is kept."""
    return (data_dir if IS_INSTALLED else DBT_PROJECT / "target") / "prepared"


def bring(data_dir: Path, workspace: Workspace) -> None:
    """Copy it into a workspace in which dbt has not run yet."""
    kept = folder(data_dir)
    if not workspace.dbt_target.exists() and kept.exists():
        shutil.copytree(kept, workspace.dbt_target)


def keep(data_dir: Path, workspace: Workspace, version: str) -> None:
    """Keep what dbt has prepared in this workspace from this version of the models, if it is not kept already."""
    kept, units = folder(data_dir), unit_test_results.known(workspace.dbt_target, version)
    if not units or unit_test_results.known(kept, version):
        return
    for name in _PREPARED:
        files.write(kept / name, (workspace.dbt_target / name).read_bytes())
    unit_test_results.remember(kept, version, units)
