"""The doctor's check of the data folder's file system: does it do what a run asks of it?

It tries each thing on files of its own, in a folder that it makes for a moment: in the data folder, or in the nearest
folder above it that exists. Nothing is left.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.commands.doctor.folder import nearest
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files, lock

_INODES = 1000
"""What a first run makes, 200 files and folders, and some nights more."""

_MOVE = "set [pipeline] data_dir to a folder on a local disk"


def file_system(workspace: Workspace) -> Check:
    """Whether files can be written, locked, made durable, replaced and linked, and whether there is room for more."""
    there = nearest(workspace.root)
    try:
        with TemporaryDirectory(prefix=".doctor-", dir=there, ignore_cleanup_errors=True) as folder:
            if fault := _fault(Path(folder)):
                return Check("file system", "failed", f"{there}: {fault}", _MOVE)
    except OSError as error:
        return Check("file system", "failed", f"{there}: no folder can be made there: {error.strerror}", _MOVE)
    inodes = os.statvfs(there)
    if inodes.f_files > 0 and inodes.f_favail < _INODES:
        facts = f"{there}: only {inodes.f_favail:,} more files can be made there, a run needs about {_INODES:,}"
        return Check("file system", "failed", facts, "remove files, or move the data folder to another disk")
    return Check("file system", "ok", f"{there}: files can be written, locked, made durable, replaced and linked")


def _fault(folder: Path) -> str:
    """The first thing that this file system does not do; empty if it does all."""
    file, other = folder / "file", folder / "other"
    tries: list[tuple[str, Callable[[], object]]] = [
        ("no file can be written", lambda: [path.write_bytes(b"doctor" * 1000) for path in (file, other)]),
        ("a file cannot be locked for a run (flock)", lambda: lock.try_out(file)),
        ("a file cannot be locked for DuckDB (fcntl)", lambda: _record_lock(file)),
        ("the rights of a file cannot be changed", lambda: files.forbid_writing(other)),
        ("a file cannot be made durable (fsync)", lambda: _sync(file)),
        ("a file cannot be renamed over another", lambda: file.replace(other)),
        ("a folder cannot be made durable (fsync)", lambda: _sync(folder)),
        ("a symbolic link cannot be made", lambda: files.link(folder / "link", "other", _made(folder / "scratch"))),
        ("a file is not as it was written", lambda: _same(other)),
        ("a file cannot be removed", other.unlink),
    ]
    for what, tried in tries:
        try:
            tried()
        except OSError as error:
            return f"{what}: {error.strerror or error}"
    return ""


def _record_lock(path: Path) -> None:
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _same(path: Path) -> None:
    if path.read_bytes() != b"doctor" * 1000:
        raise OSError("its content is another one")
