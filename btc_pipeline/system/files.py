"""Files that are whole or not there: temp name, fsync, rename.

Imports nothing of the project.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

TEMPORARY_PREFIX = ".tmp-"


class IrregularFileError(OSError):
    """A pipe, a device or the like, where a file should be: reading it might never end."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "it is no regular file", str(path))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file for reading. Never waits for a writer, as a pipe without one would let it.

    Raises:
        IsADirectoryError, IrregularFileError: it is no regular file.
        OSError: it cannot be opened.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise IrregularFileError(path)
        yield file


def read(path: Path) -> bytes:
    """All of a file, as `opened` opens it."""
    with opened(path) as file:
        return file.read()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it is fsynced and renamed over `path`.

    On an error nothing is left behind and the old file stays. The extension is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
    try:
        yield temporary
        move_into_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def move_into_place(finished: Path, path: Path) -> None:
    """Make a finished file durable and rename it over `path`, on the same file system."""
    _fsync(finished)
    finished.replace(path)
    _fsync(path.parent)


def write(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a whole file, atomically. It gets the rights of `mode` that the umask leaves."""
    with replacing(path) as temporary:
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)


def forbid_writing(path: Path) -> None:
    """Take the right to write to a file from everyone, and give none."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o555)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty if there is none, or if it is damaged."""
    try:
        content = json.loads(read(path))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, IrregularFileError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def link(path: Path, target: str, scratch: Path) -> None:
    """Make `path` a symbolic link to `target`, atomically, by way of a scratch folder on the same file system."""
    if path.is_symlink() and str(path.readlink()) == target:
        return
    temporary = scratch / path.name
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal. Never call it on a database that this process has open."""
    with opened(path) as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def sweep(root: Path, scratch: Path) -> None:
    """Remove what a killed run left below `root`: temporary files, and all of the folder `scratch`."""
    shutil.rmtree(scratch, ignore_errors=True)
    for of_steps in (root, *(child for child in root.glob("*") if child.is_dir() and not child.is_symlink())):
        sweep_temporary(of_steps)
    for folder, _, names in os.walk(root / "raw"):  # faster than `rglob`: ten years have 20,000 files
        for name in names:
            if name.startswith(TEMPORARY_PREFIX):
                Path(folder, name).unlink(missing_ok=True)
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)


def sweep_temporary(folder: Path) -> None:
    """Remove the temporary files that `replacing` left in this folder when it was killed."""
    for leftover in folder.glob(f"{TEMPORARY_PREFIX}*"):
        leftover.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
