"""The pointer to the workspace of the last run, `data/latest`: commands that only read follow it.

A symbolic link, so that `dbt build` by hand finds the same workspace; a file of one line where there are no links.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.settings.workspace import SOURCES, Workspace
from btc_pipeline.system import files

NAME = "latest"


class OddPointerError(ValueError):
    """It names no workspace; says why."""


def source(data_dir: Path) -> str:
    """The source of the last run; empty if there was none.

    Raises:
        OddPointerError: the pointer names no workspace.
    """
    path = data_dir / NAME
    if path.is_symlink():
        named = [each for each in SOURCES if _is_same(path, data_dir / each)]
    else:
        try:
            text = files.read(path).strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            raise OddPointerError(f"{path} cannot be read: {error.strerror}") from None
        named = [each for each in SOURCES if text == each.encode()]
    if not named:
        raise OddPointerError(f"{path} names neither {' nor '.join(SOURCES)}")
    return named[0]


def note(workspace: Workspace) -> None:
    """Let the pointer name this workspace, atomically; if it does, nothing is written.

    Raises:
        OSError: neither a link nor a file can be made, for example because the pointer is a folder.
    """
    try:
        if source(workspace.data_dir) == workspace.source:
            return
    except OddPointerError:
        pass
    path = workspace.data_dir / NAME
    try:
        workspace.temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.link(path, workspace.source, workspace.temporary)
    except OSError:  # a file system without links
        files.write(path, f"{workspace.source}\n".encode())


def _is_same(link: Path, folder: Path) -> bool:
    try:
        return link.resolve() == folder.resolve()
    except (OSError, RuntimeError):  # a loop
        return False
