"""dbt processes that serve one build after another: to import dbt and to parse takes as long as to build.

A build is what `dbt_process.work` makes of a job, as in a run. Run as `python -m`, it is the process itself; each line
that it reads is a preparation and a job, and each that it writes is a result.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from btc_pipeline.errors import CandleTestError, TransformationError
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import child_process
from btc_pipeline.transform import dbt_runner


class _Pool:
    """The processes; each is used by one thread at a time."""

    def __init__(self) -> None:
        self.idle = queue.LifoQueue[subprocess.Popen[bytes]]()
        self.all: list[subprocess.Popen[bytes]] = []

    def run(
        self,
        settings: Settings,
        workspace: Workspace,
        job: child_process.Json,
        error_class: type[TransformationError] | type[CandleTestError],
        progress: object = None,
    ) -> child_process.Json:
        """In the place of `dbt_runner.run`."""
        _, _, preparation = dbt_runner._dbt(settings, workspace)
        process = self._idle()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([preparation, job]).encode() + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise error_class("dbt ended without a result", "read what it has printed")
        self.idle.put(process)
        result: child_process.Json = json.loads(line)
        if "error" in result:
            raise error_class(str(result["error"]), "read what it has printed")
        return result

    def _idle(self) -> subprocess.Popen[bytes]:
        try:
            return self.idle.get_nowait()
        except queue.Empty:
            command, pipe = [sys.executable, "-m", __name__], subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=child_process._environment())
            self.all.append(process)
            return process


@contextmanager
def many() -> Iterator[None]:
    """While it lasts, all builds are done by such processes."""
    pool = _Pool()
    try:
        with patch.object(dbt_runner, "run", pool.run):
            yield
    finally:
        for process in pool.all:
            process.communicate()  # the end of its input ends it


def main() -> None:
    """Serve until standard input ends."""
    from btc_pipeline.transform import dbt_process, dbt_session

    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    ready: tuple[Any, Any] = (None, None)
    for line in sys.stdin:
        preparation, job = json.loads(line)
        if ready[0] != preparation:
            ready = preparation, dbt_session.Dbt(preparation)
        results.write(json.dumps(dbt_process.work(ready[1], job)) + "\n")
        results.flush()
        gc.collect()


if __name__ == "__main__":
    main()
