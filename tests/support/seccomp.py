"""`python -m tests.support.seccomp UNIT COMMAND ...`: a command under the system calls that a systemd unit allows.

systemd itself is not needed to run it, only `systemd-analyze`, which knows the groups of calls. What a unit says of
calls is all that is applied; its users, mounts and limits are not.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

_NUMBERS = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
_ALWAYS = ("@default", "execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn")
"""What systemd allows beside what a unit allows."""

_X86_64 = 0xC000003E
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2


def missing() -> str:
    """What this machine lacks; empty if it has all that is needed."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return "Linux on x86_64"
    if not shutil.which("systemd-analyze"):
        return "systemd-analyze"
    return "" if _NUMBERS.exists() else str(_NUMBERS)


def allowed(unit: Path) -> set[str]:
    """The names of the calls that a unit allows: what it lists, less what it lists after a tilde."""
    names = _expanded(_ALWAYS)
    for line in _values(unit, "SystemCallFilter"):
        listed = _expanded(line.removeprefix("~").split())
        names = names - listed if line.startswith("~") else names | listed
    return names


def apply(unit: Path) -> None:
    """Refuse this process, and all that it starts, each other call as the unit says."""
    numbers = _numbers()
    refused = _values(unit, "SystemCallErrorNumber")
    action = _ERRNO | getattr(errno, refused[-1]) if refused else _KILL
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _X86_64), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    for name in sorted(allowed(unit) & numbers.keys()):
        steps += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, _ALLOW)]
    steps.append((_RETURN, 0, 0, action))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SET_SECCOMP, _FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter of system calls is refused")


def _values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.+)$", unit.read_text(), re.MULTILINE)


def _expanded(names: tuple[str, ...] | list[str]) -> set[str]:
    found = {name for name in names if not name.startswith("@")}
    for group in set(names) - found:
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
        ).stdout
        words = [line.strip() for line in listed.splitlines()[1:]]
        found |= _expanded([word for word in words if word and not word.startswith("#")])
    return found


def _numbers() -> dict[str, int]:
    found = re.findall(r"^#define __NR_(\w+) (\d+)$", _NUMBERS.read_text(), re.MULTILINE)
    return {name: int(number) for name, number in found}


if __name__ == "__main__":
    apply(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
