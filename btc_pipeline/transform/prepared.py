"""What dbt has prepared, kept for new workspaces: the parsed project, its compiled data tests, its tested units.

In a checkout it lies in the dbt project's own `target`; `make install` puts it there. Nothing is written into an
installed wheel: there the first run keeps it in the data folder. Imports nothing of dbt.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import digest, files, records
from btc_pipeline.system.project import DBT_PROJECT, IS_INSTALLED
from btc_pipeline.transform import data_tests, unit_test_results

_PARSE = "partial_parse.msgpack"
_PARSED = "parsed.json"
"""Which files of the dbt project that is the parse of."""

_PREPARED = (_PARSE, _PARSED, data_tests.RECORD)


def folder(data_dir: Path) -> Path:
    """Where it is kept."""
    return (data_dir if IS_INSTALLED else DBT_PROJECT / "target") / "prepared"


def bring(data_dir: Path, workspace: Workspace) -> None:
    """Copy it into a workspace in which dbt has not run yet; who may read the copies, the umask says."""
    kept = folder(data_dir)
    if not workspace.dbt_target.exists() and kept.exists():
        workspace.dbt_target.mkdir(parents=True)
        for path in kept.iterdir():
            shutil.copyfile(path, workspace.dbt_target / path.name)


def keep(data_dir: Path, workspace: Workspace, version: str) -> None:
    """Keep what dbt has prepared in this workspace from this version of the models, if it is not kept already."""
    kept, units = folder(data_dir), unit_test_results.known(workspace.dbt_target, version)
    if not units or unit_test_results.known(kept, version):
        return
    for name in _PREPARED:
        files.write(kept / name, (workspace.dbt_target / name).read_bytes())
    unit_test_results.remember(kept, version, units)


def forget_another_parse(project: Path, target: Path) -> None:
    """Let dbt parse all files if one has changed: its partial parse breaks if a unit test moves to another model."""
    found = (project / folder for folder in ("models", "macros", "tests", "seeds"))
    paths = sorted([*project.glob("*.yml"), *(path for each in found for path in each.rglob("*") if path.is_file())])
    version = digest.of(*((path.relative_to(project).as_posix(), files.sha256(path)) for path in paths))
    record = target / _PARSED
    if records.read(record).get("version") != version:
        (target / _PARSE).unlink(missing_ok=True)
        records.write(record, {"version": version})
