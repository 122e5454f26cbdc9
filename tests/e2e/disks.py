"""Places that cannot be written: a small disk, a read-only one, and a user without root's power over files.

A disk is a mount in a namespace of its own, so that nothing of it is left on the machine; that needs Linux and the
right to make a namespace, which root has, and others in most places but not in all.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command_line import ROOT

_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


@dataclass(frozen=True)
class Disk:
    """A mount that only processes see which are started with `enter` before their command."""

    enter: list[str]
    outside: Path
    """Its path for processes outside, such as the test."""

    def fill(self, leave: int) -> None:
        """Fill it up, but for so many bytes."""
        free = os.statvfs(self.outside).f_bavail * os.statvfs(self.outside).f_frsize
        (self.outside / "filler").write_bytes(bytes(max(0, free - leave)))

    def make_room(self) -> None:
        """Take it back."""
        (self.outside / "filler").unlink()


def can_be_made() -> bool:
    """Whether this user may mount something in a namespace of its own."""
    command = [*_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def mounted(folder: Path, how: str) -> Iterator[Disk]:
    """Mount something over the folder, as the shell command `how` does with `$1`."""
    script = f"{how} && echo mounted && read _"
    holder = [*_NAMESPACE, "sh", "-c", script, "sh", str(folder)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "mounted\n"
            enter = ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", str(process.pid)]
            yield Disk([*enter, "env", "-C", str(ROOT)], Path(f"/proc/{process.pid}/root{folder}"))
        finally:
            process.stdin.close()


def small(folder: Path, mib: int) -> AbstractContextManager[Disk]:
    """A disk of so many MiB."""
    return mounted(folder, f'mount -t tmpfs -o size={mib}m tmpfs "$1"')


def read_only(folder: Path) -> AbstractContextManager[Disk]:
    """The folder as it is, on a disk that cannot be written."""
    return mounted(folder, 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"')


def without_power() -> list[str]:
    """A command that runs another without root's power to write everywhere; nothing where it is not root."""
    return ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
