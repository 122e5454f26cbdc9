"""Something that is made once for all processes of a test run, and read by all of them."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def made(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], str]) -> tuple[Path, str]:
    """The folder of this name, and the text that `make` has returned when it filled the folder.

    The first test process that asks makes it. The others wait for it, or make it where that has failed.
    """
    own = factory.getbasetemp()
    folder = (own.parent if own.name.startswith("popen-") else own) / "once" / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        text = folder / "text"
        if not text.exists():
            told = make(folder)
            text.write_text(told, encoding="utf-8")
        return folder, text.read_text(encoding="utf-8")
