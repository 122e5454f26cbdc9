"""The pipeline as a person runs it: Luigi's command line in a process of its own, and what came of it.

Knows the command line, the exit code and the lines on stderr; nothing of what lies in the data folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support import commands
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
STEPS = ["ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize"]
NOW = "2026-05-15T13:30:00Z"

_DONE = re.compile(r"^\S+Z INFO (\w+) done ", re.MULTILINE)
_STATE = re.compile(r"\[(\w+)-\{.*\} \(\x1b\[\d+m(COMPLETE|PENDING)\x1b\[0m\)\]")
_FOREIGN = ("LUIGI_", "COINGECKO_", "DBT_", "AIRBYTE_", "BTC_PIPELINE_", "TZ", "PYTHONDONTWRITEBYTECODE")
_MARK = "BTC_PIPELINE_TEST_RUN"


@dataclass(frozen=True)
class Result:
    """A run that has ended. `exit_code` is negative where a signal ended it."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    peak_mib: float
    """The largest memory of the run's processes that were waited for."""

    @property
    def done(self) -> list[str]:
        """The steps that said that they are done, in order."""
        return _DONE.findall(self.stderr)

    @property
    def errors(self) -> list[str]:
        """The lines that report an error."""
        return [line for line in self.stderr.splitlines() if " ERROR " in line]


@dataclass
class Running:
    """A run under way, in a process group of its own."""

    process: subprocess.Popen[bytes]
    outputs: Path
    mark: str
    started: float

    def wait(self) -> Result:
        """Wait for its end; one that takes longer than PATIENCE is killed, and fails the test."""
        overdue = threading.Event()

        def kill() -> None:
            overdue.set()
            self.kill_group()

        timer = threading.Timer(PATIENCE, kill)
        timer.start()
        ended = threading.Event()
        peaks: list[float] = [0.0]
        watch = threading.Thread(target=self._watch_memory, args=(ended, peaks))
        watch.start()
        _, status = os.waitpid(self.process.pid, 0)
        seconds = time.monotonic() - self.started
        timer.cancel()
        ended.set()
        for thread in (timer, watch):
            thread.join()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        stdout, stderr = (Path(self.outputs, name).read_text() for name in ("stdout", "stderr"))
        assert not overdue.is_set(), f"not done after {PATIENCE:g} s; stderr: {stderr}"
        return Result(self.process.returncode, stdout, stderr, seconds, max(peaks))

    def _watch_memory(self, ended: threading.Event, peaks: list[float]) -> None:
        """Note the most that each process has had in memory, in MiB, until the run has ended.

        The kernel's own account of an ended process (ru_maxrss) begins with the memory of the tests that forked it.
        """
        while not ended.wait(0.25):
            for folder in self.processes().values():
                with contextlib.suppress(OSError):  # it has just ended
                    found = re.search(r"^VmHWM:\s+(\d+) kB", (folder / "status").read_text(), re.MULTILINE)
                    peaks.append(int(found[1]) / 1024 if found else 0.0)

    def kill(self) -> None:
        """SIGKILL for the main process only: its children have to notice."""
        os.kill(self.process.pid, signal.SIGKILL)

    def kill_group(self) -> None:
        """SIGKILL for all processes at once, as when the machine goes down. Children have sessions of their own."""
        os.killpg(self.process.pid, signal.SIGKILL)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def processes(self) -> dict[int, Path]:
        """The /proc folders of the run's living processes, by process id."""
        mark = f"{_MARK}={self.mark}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = mark in (folder / "environ").read_bytes().split(b"\0")
            except OSError:  # it has just ended
                continue
            if is_ours:
                found[int(folder.name)] = folder
        return found

    def wait_for(self, step: str) -> None:
        """Return when it says that the step is done."""
        give_up_at = time.monotonic() + PATIENCE
        while f" {step} done " not in Path(self.outputs, "stderr").read_text():
            assert time.monotonic() < give_up_at, f"{step} is not done"
            time.sleep(0.01)


@dataclass(frozen=True)
class Pipeline:
    """The pipeline on one data folder; `options` go onto each command line, `project` is the folder it is run in."""

    data_dir: Path
    options: Sequence[str] = ("--pipeline-source", "sample")
    now: str | None = NOW
    env: Mapping[str, str] = field(default_factory=dict)
    project: Path = ROOT
    is_data_dir_an_option: bool = True
    """False: the configuration names the data folder, and not the command line."""
    is_scheduler_local: bool = True
    wrapper: Sequence[str] = ()
    """A command that runs the pipeline as its arguments say, such as `setpriv …`."""

    @property
    def sample(self) -> Path:
        """The folder of the source `sample`."""
        return self.data_dir / "sample"

    def run(self, step: str = "Visualize", *arguments: str, now: str | None = None) -> Result:
        """Run a step, and all that it needs, to the end."""
        with self.started(step, *arguments, now=now) as running:
            return running.wait()

    @contextmanager
    def started(self, step: str = "Visualize", *arguments: str, now: str | None = None) -> Iterator[Running]:
        """A run under way; whatever of it still lives at the end of the block is killed."""
        luigi = [sys.executable, "-m", "luigi"] if self.project != ROOT else [_program("luigi")]
        with self._under_way([*self.wrapper, *luigi, *self._arguments(step, *arguments, now=now)]) as running:
            yield running

    @contextmanager
    def typed(self) -> Iterator[Running]:
        """The same with `btc-pipeline run`."""
        options = self._arguments("Visualize")
        with self._under_way(
            [_program("btc-pipeline"), "run", *options[options.index("--local-scheduler") + 1 :]]
        ) as running:
            yield running

    @contextmanager
    def _under_way(self, command: Sequence[str]) -> Iterator[Running]:
        mark = uuid.uuid4().hex
        with tempfile.TemporaryDirectory(prefix="btc_pipeline-test-") as outputs:
            with Path(outputs, "stdout").open("wb") as out, Path(outputs, "stderr").open("wb") as err:
                started = time.monotonic()
                process = subprocess.Popen(
                    command,
                    cwd=self.project,
                    env=self._environment() | {_MARK: mark},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            running = Running(process, Path(outputs), mark, started)
            try:
                yield running
            finally:
                if process.returncode is None:
                    running.kill_group()
                    process.wait()
                for pid in running.processes():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def pending(self, step: str = "Visualize", *arguments: str) -> list[str]:
        """The steps that a run would do, as Luigi's own `luigi-deps-tree` tells without doing them."""
        result = self._ended("luigi-deps-tree", step, *arguments)
        assert result.returncode == 0, result.stderr
        states = dict(_STATE.findall(result.stdout))
        assert list(states) == STEPS[STEPS.index(step) :: -1], result.stdout + result.stderr
        return [name for name in STEPS if states.get(name) == "PENDING"]

    def refused(self, step: str = "Visualize", *arguments: str) -> Result:
        """A run that ends before it begins to work, so that its process need not be watched, nor import anything."""
        assert not self.wrapper
        started = time.monotonic()
        ended = self._ended("luigi", step, *arguments)
        return Result(ended.returncode, ended.stdout, ended.stderr, time.monotonic() - started, peak_mib=0.0)

    def copy_to(self, folder: Path) -> Pipeline:
        """The same pipeline on a copy of its data."""
        shutil.copytree(self.data_dir, folder, symlinks=True)
        return replace(self, data_dir=folder)

    def _ended(self, program: str, step: str, *arguments: str) -> commands.Ended:
        """What becomes of a short command; in another copy of the project the interpreter has to be another one."""
        command, environment = self._arguments(step, *arguments), self._environment()
        if self.project == ROOT:
            return commands.run(program, command, environment)
        return subprocess.run(
            [_program(program), *command],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _arguments(self, step: str, *arguments: str, now: str | None = None) -> list[str]:
        instant = now or self.now
        fixed = ["--pipeline-now", instant] if instant else []
        folder = ["--pipeline-data-dir", str(self.data_dir)] if self.is_data_dir_an_option else []
        scheduler = ["--local-scheduler"] if self.is_scheduler_local else []
        return ["--module", "btc_pipeline", step, *scheduler, *folder, *self.options, *fixed, *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        if self.project != ROOT:
            kept["PYTHONPATH"] = str(self.project)
        return {**kept, **self.env}


def copy_of_project(folder: Path) -> Path:
    """What of the project a run needs, to be changed."""
    for name in ("btc_pipeline", "dbt_project"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("logs"))
    shutil.copy2(ROOT / "luigi.cfg", folder)
    return folder


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
