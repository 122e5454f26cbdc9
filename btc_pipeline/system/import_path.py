"""The import path of a run's processes: what a child gets, and which modules of its parent come from elsewhere.

A foreign folder is one of PYTHONPATH, or the current folder if `python -m` has put it first. A `queue.py` of somebody's
may lie there.
"""

from __future__ import annotations

import contextlib
import os
import site
import sys
from collections.abc import Iterator
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from pathlib import Path

from btc_pipeline.system.project import PACKAGE

_COMMANDS = {"luigi", "btc-pipeline", "-m"}


def is_command() -> bool:
    """Whether this process is a command of ours or Luigi's, and not a program that imports the package."""
    name = Path(sys.argv[0] if sys.argv else "")
    return name.name in _COMMANDS or name.parts[-2:] == ("luigi", "__main__.py")


def of_child() -> list[str]:
    """The parent's import path without its foreign folders; last of all the folder of this project."""
    return [*(folder for folder, is_foreign in _folders() if not is_foreign), str(PACKAGE.parent)]


def put_foreign_last() -> None:
    """Let no foreign folder hide a module from this process from now on. What lies there alone is still found."""
    sys.path[:] = [
        folder for of_others in (False, True) for folder, is_foreign in _folders() if is_foreign == of_others
    ]


def hiding() -> dict[str, str]:
    """The file of each module in a foreign folder that hides one of Python, of a package or of the project; by name."""
    foreign, of_children = _foreign(), of_child()
    if not foreign:
        return {}
    names = {path.name.partition(".")[0] for folder in of_children for path in _content(Path(folder))}
    found = {name: (_file(name, foreign), _file(name, of_children)) for name in sorted(names) if name.isidentifier()}
    return {name: ours for name, (ours, theirs) in found.items() if ours and theirs and _real(ours) != _real(theirs)}


def started_with() -> list[str]:
    """The foreign files that Python has run by itself when it started: `sitecustomize`, `usercustomize`."""
    files = (getattr(sys.modules.get(name), "__file__", "") or "" for name in ("sitecustomize", "usercustomize"))
    return [file for file in files if file and str(Path(file).parent) in _foreign()]


def _foreign() -> list[str]:
    return [folder for folder, is_foreign in _folders() if is_foreign]


def _folders() -> list[tuple[str, bool]]:
    """Each folder of this process's import path, and whether it is foreign."""
    own = {*map(_real, site.getsitepackages()), _real(os.fspath(Path(os.__file__).parent))}
    variable = os.environ.get("PYTHONPATH", "")
    named = {_real(folder) for folder in variable.split(os.pathsep)} - own if variable else set()
    folders = [os.fspath(folder) for folder in sys.path]
    return [
        (folder, not folder or _real(folder) in named or (number == 0 and _real(folder) == _real("")))
        for number, folder in enumerate(folders)
    ]


def _real(folder: str) -> str:
    """The folder in one way of writing: Python writes what PYTHONPATH has as it likes."""
    try:
        return os.fspath(Path(folder).resolve())
    except OSError:  # the current folder was removed
        return folder


def _content(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from folder.iterdir()


def _file(name: str, folders: list[str]) -> str:
    """Where a module is found in these folders; empty if it is not there, or is a part of the interpreter."""
    if BuiltinImporter.find_spec(name) or FrozenImporter.find_spec(name):
        return ""
    found = PathFinder.find_spec(name, folders)
    return (found.origin or "") if found else ""
