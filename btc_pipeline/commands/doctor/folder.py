"""The doctor's checks of the data folder: may a run write there, is there room, who is at work, what is published?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.errors import ConfigurationError, PublishingError
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import lock
from btc_pipeline.terminal import summary
from btc_pipeline.warehouse import database_errors, published

_ROOM_MIB = 200


def rights(workspace: Workspace) -> Check:
    """Whether a run may write into the folder, and whether all of it is on one file system."""
    there = nearest(workspace.root)
    if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return Check("data folder", "failed", f"{there} cannot be written", "correct its rights or [pipeline] data_dir")
    others = [
        path for path in (workspace.temporary, workspace.work.parent, workspace.markers, workspace.runs)
        if path.exists() and path.stat().st_dev != workspace.root.stat().st_dev
    ]  # fmt: skip
    if others:
        return Check(
            "data folder",
            "failed",
            f"{others[0]} is on another file system than {workspace.root}: nothing can be renamed into place",
            "put all of the data folder on one",
        )
    return Check("data folder", "ok", f"{workspace.root}{'' if workspace.root.exists() else ', which a run makes'}")


def disk(workspace: Workspace) -> Check:
    """For a moment, a run holds each database twice, and dbt's database too."""
    used = sum(path.stat().st_size for path in (workspace.cache, workspace.work, workspace.published) if path.exists())
    needed = _ROOM_MIB + 3 * used // 2**20
    free = shutil.disk_usage(nearest(workspace.root)).free // 2**20
    facts = f"{free:,} MiB free, a run needs about {needed:,}"
    return Check("disk", "ok", facts) if free > needed else Check("disk", "failed", facts, "free some space")


def at_work(workspace: Workspace) -> Check:
    """Whether a run is at work."""
    holder = lock.holder(workspace.lock)
    if holder is None:
        return Check("lock", "ok", "no run is at work")
    who = " ".join(f"{name}={value}" for name, value in holder.items())
    return Check("lock", "warning", f"a run is at work: {who}", "wait for it to end")


def newest(workspace: Workspace) -> Check:
    """Whether the published database can be read."""
    try:
        (rows,) = published.read(workspace.published, "select count(*) as candles from daily_candlestick")
    except ConfigurationError as error:
        return Check("published", "warning", error.what, error.fix)
    except (database_errors.DatabaseError, OSError) as error:
        return Check("published", "failed", str(error), "run the pipeline again", PublishingError.exit_code)
    return Check("published", "ok", f"{rows[0]['candles']} candles in {summary.near(workspace.published)}")


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())
