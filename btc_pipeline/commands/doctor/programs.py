"""The doctor's checks of what is typed: do the programs start, and is the code that runs the one that is meant?

An environment that was moved or copied still has programs that start the Python of the old place, and may run the code
that lies there.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

from btc_pipeline import __version__
from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.commands.doctor.installation import INSTALL
from btc_pipeline.system import start
from btc_pipeline.system.project import PACKAGE
from btc_pipeline.terminal import summary

_PROGRAMS = ("btc-pipeline", "dbt", "luigi")
_SECONDS = 30.0
_INTERPRETER = re.compile(rb"\A#!(?:/bin/sh\r?\n'''exec' )?[\"']?(/[^\r\n\"']*?)[\"']?(?: \"\$0\".*)?\r?\n")
"""The Python of a script, as pip writes it; its second form is for paths that are too long for the first one."""


def installed(folder: Path = Path(sys.executable).parent) -> Check:
    """Whether the programs of the environment are there, start its Python, and Luigi's reaches our tasks."""
    missing = [name for name in _PROGRAMS if not os.access(folder / name, os.X_OK)]
    if missing:
        return Check("commands", "failed", f"{', '.join(missing)} not in {folder}, or not to be executed", INSTALL)
    for name in _PROGRAMS:
        python = _interpreter(folder / name)
        if python and python.parent.resolve() != folder.resolve():
            is_gone = "" if python.exists() else ", which is not there"
            facts = f"{folder / name} starts {python}{is_gone}: the environment was moved or copied"
            return Check("commands", "failed", facts, INSTALL)
    is_disturbed = any(start.variables())  # which has a line of its own
    if not is_disturbed and (
        said := _complaint([str(folder / "luigi"), "--module", "btc_pipeline", "Visualize", "--help"])
    ):
        return Check("commands", "failed", f"{folder / 'luigi'} does not start: {said}", INSTALL)
    return Check("commands", "ok", f"{', '.join(_PROGRAMS)} in {summary.near(folder)}")


def code() -> Check:
    """Whether the code that runs is that of the environment's own project, in the version that is installed."""
    place = summary.near(PACKAGE)
    if _is_another_project(of_environment := Path(sys.prefix).parent):
        facts = f"the environment lies in {of_environment}, but the code of {PACKAGE.parent} runs"
        return Check("code", "failed", facts, f"make clean install in {of_environment}")
    if _is_another_project(Path()):
        facts = f"the code of {PACKAGE.parent} runs, and not that of {Path().absolute()}"
        return Check("code", "warning", facts, "make install here, and type .venv/bin/btc-pipeline")
    try:
        version = importlib.metadata.version("btc_pipeline")
    except importlib.metadata.PackageNotFoundError:
        return Check("code", "failed", f"{__version__} in {place}, which is not installed", INSTALL)
    if version != __version__:
        facts = f"{place} is version {__version__}, but {version} was installed"
        return Check("code", "warning", facts, INSTALL)
    return Check("code", "ok", f"{__version__} in {place}")


def _is_another_project(folder: Path) -> bool:
    """Whether a folder is a checkout of this project, and not the one that runs."""
    package = folder / PACKAGE.name
    return (folder / "setup.cfg").is_file() and (package / "__init__.py").is_file() and package.resolve() != PACKAGE


def _interpreter(program: Path) -> Path | None:
    """The Python that a script starts; None if it is another kind of file."""
    with program.open("rb") as file:
        found = _INTERPRETER.match(file.read(10_000))
    return Path(os.fsdecode(found[1])) if found else None


def _complaint(command: list[str]) -> str:
    """Why a program does not do what it should, in one line; empty if it does."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"not done after {_SECONDS:g} s"
    last = next((line for line in reversed(ended.stderr.splitlines()) if line.strip()), "").strip()
    return f"exit status {ended.returncode}, {last}" if ended.returncode else ""
