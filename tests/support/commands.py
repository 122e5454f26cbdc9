"""A command line, typed, or forked from a process that has the program's imports behind it.

A forked one has its own arguments, environment, folder, outputs and exit code, like a typed one. Only the imports, nine
tenths of what a short command costs, are made once.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.patience import PATIENCE

Ended = subprocess.CompletedProcess[str]

_ROOT = Path(__file__).resolve().parents[2]
_READ_WHEN_IT_STARTS = ("LUIGI_CONFIG_PATH", "PYTHONPATH", "PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LANG")
_environment = {name: os.environ.get(name) for name in _READ_WHEN_IT_STARTS}
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["tests.support.programs", "pytest"])
_one_at_a_time = threading.Lock()
"""multiprocessing looks after all its children whenever it starts one, and must not meet another thread that does."""


def run(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program of the project to its end in the project's folder; forked, unless how it starts is to matter.

    One that takes longer than PATIENCE is killed, and fails the test.

    Args:
        program: one of `programs.PROGRAMS`.
        arguments: what follows its name.
        environment: all of it; None: that of the tests.
    """
    given = dict(os.environ if environment is None else environment)
    if any(_environment != {name: each.get(name) for name in _READ_WHEN_IT_STARTS} for each in (given, os.environ)):
        return typed(program, arguments, given)
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="btc_pipeline-test-") as outputs:
        job = (program, [str(each) for each in arguments], given, str(_ROOT), outputs)
        process = _server.Process(target=_become, args=job)
        process.start()
        process.join(PATIENCE)
        exit_code = process.exitcode
        if exit_code is None:
            process.kill()
            process.join()
        process.close()
        stdout, stderr = (Path(outputs, name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
    if exit_code is None:
        raise subprocess.TimeoutExpired([program, *arguments], PATIENCE, stdout, stderr)
    return subprocess.CompletedProcess([program, *arguments], exit_code, stdout, stderr)


def typed(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """The same as a person does it: the installed program, in a process that imports all anew."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    return subprocess.run(
        command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def _become(program: str, arguments: list[str], environment: dict[str, str], folder: str, outputs: str) -> None:
    from tests.support.programs import PROGRAMS

    for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
        with Path(outputs, name).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv = [program, *arguments]
    try:
        sys.exit(PROGRAMS[program]())
    finally:
        atexit._run_exitfuncs()  # a process of multiprocessing leaves them out
