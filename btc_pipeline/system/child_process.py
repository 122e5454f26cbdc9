"""Child processes: a job in, events while it works, a result out; bounded in time, gone when the run is gone.

Both sides of the pipe live here; neither knows what the job is. A child gets two lines of JSON over standard
input: at once what to prepare, for example its imports; and the job, when it is known. So it can be started while an
earlier step works. Neither line shows in the process list, the environment or on disk, so a key stays secret. Results
come back on a descriptor of their own: all that the child prints goes to its log.

A child finds the modules that the parent finds, and no others: neither the current folder nor PYTHONPATH counts, where
a `yaml.py` of somebody's may lie. Of the environment it gets what it needs (`_HANDED_ON`), and no key.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from btc_pipeline.system import import_path, os_advice, signals

Json = dict[str, Any]
Prepared = TypeVar("Prepared")
Progress = Callable[[int, int, str], object]
"""Called with how many of how many are done, and with what is going on."""

_DESCRIPTOR = "BTC_PIPELINE_CHILD"
"""The variable that tells a child where its results go."""

_HANDED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_*"),
    *("*_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("XDG_CACHE_HOME", "MPLCONFIGDIR", "LD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "BTC_PIPELINE_*"),
)
"""The variables that a child gets, as patterns; their names may be in lower case too."""

_ERROR = re.compile(r"[\w.]*(?:Error|Exception|Interrupt)\b")
_LAST_WORDS, _LONGEST_REASON = 4096, 200

_START = (
    "import sys; module, sys.path[:] = sys.argv[1], sys.argv[2:]; del sys.argv[1:];"
    " import runpy; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)
"""What the interpreter of a child runs: its import path comes before its first import."""


class ChildError(Exception):
    """A child ended without a result: `reason` says how, `log` where it wrote, `is_late` that it took too long."""

    def __init__(self, reason: str, log: Path, *, is_late: bool, is_killed: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log
        self.is_late = is_late
        self._is_killed = is_killed

    @property
    def advice(self) -> str:
        """What to do about it."""
        if self._is_killed:
            return (
                "free memory, then run it again: mostly the system kills what takes too much (`journalctl -k` says so)"
            )
        return os_advice.of(self.reason, f"read {self.log}")


class Child:
    """A Python module running in a process of its own, preparing itself until its job is known.

    Args:
        module: calls `serve` when run with `python -m`.
        log: where all that it prints goes; replaced.
        preparation: what it can do before its job is known.
    """

    def __init__(self, module: str, log: Path, preparation: Mapping[str, Any]) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        results, of_child = os.pipe()
        self._results = os.fdopen(results, "rb")
        try:
            with log.open("wb") as printed:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START, module, *import_path.of_child()],
                    stdin=subprocess.PIPE,
                    stdout=printed,
                    stderr=printed,
                    env=_environment() | {_DESCRIPTOR: str(of_child)},
                    pass_fds=(of_child,),
                    start_new_session=True,  # Ctrl-C in the terminal is for the parent to answer
                )
        except BaseException:
            self._results.close()
            raise
        finally:
            os.close(of_child)
        signals.kill_too(self._process.kill)
        self._send(preparation)

    def work(
        self, job: Mapping[str, Any], timeout_seconds: float, on_event: Callable[[Json], object] | None = None
    ) -> Json:
        """Hand the job over and wait for its result.

        Args:
            job: what it has to do.
            timeout_seconds: the child is killed after so long a silence. Each event ends a silence. An event with
                `waits_seconds` says that the next silence will be so much longer.
            on_event: called with each event that the child sends while it works.

        Raises:
            ChildError: it did not end in time, or ended without a result.
        """
        watch = _Watch(self._process.kill)
        result: Any = None
        try:
            watch.put_off(timeout_seconds)
            self._send(job)
            for line in self._results:
                result = _parsed(line)
                if not isinstance(result, dict) or "event" not in result:
                    break
                event, result = result["event"], None
                watch.put_off(timeout_seconds + float(event.get("waits_seconds", 0)))
                if on_event:
                    on_event(event)
            status = self._process.wait()
        finally:
            watch.stop()
            self.end()
        if not isinstance(result, dict):
            is_late = watch.has_rung
            reason = (
                f"not done after {timeout_seconds:g} s" if is_late else f"exit status {status}{_last_words(self.log)}"
            )
            is_killed = status == -signal.SIGKILL and not is_late
            raise ChildError(reason, self.log, is_late=is_late, is_killed=is_killed)
        return result

    def end(self) -> None:
        """Kill the process if it still runs. May be called again."""
        self._process.kill()
        self._process.wait()
        signals.spare(self._process.kill)
        self._results.close()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def _send(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the child has died: `work` raises, because there is no result
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()


class _Watch:
    """Rings when it was not put off in time."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._timer: threading.Timer | None = None
        self._rings_at = 0.0
        self.has_rung = False

    def put_off(self, seconds: float) -> None:
        """Ring so many seconds from now, or when it would have rung anyway, whichever is later."""
        self.stop()
        self._rings_at = max(self._rings_at, time.monotonic() + seconds)
        self._timer = threading.Timer(self._rings_at - time.monotonic(), self._on_time)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_time(self) -> None:
        self.has_rung = True
        self._ring()


def send_event(event: Mapping[str, Any]) -> None:
    """The child's side: send an event to the parent while at work. Does nothing in a process that serves no job."""
    if _events is not None:
        os.write(_events, json.dumps({"event": event}).encode() + b"\n")


def send_progress(done: int, total: int, what: str) -> None:
    """The child's side: send to the parent how far the job is."""
    send_event({"done": done, "total": total, "what": what})


def passed_on(progress: Progress) -> Callable[[Json], object]:
    """The parent's side: a function that passes on each event of `send_progress`."""
    return lambda event: progress(event["done"], event["total"], event["what"])


_events: int | None = None


def serve(prepare: Callable[[Json], Prepared], work: Callable[[Prepared, Json], Json]) -> None:
    """The child's side: prepare, wait for the job, work, write the result.

    Ends at once when the parent is gone: it keeps standard input open for as long as it lives.
    """
    global _events
    _events = int(os.environ[_DESCRIPTOR])
    os.set_inheritable(_events, False)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    prepared = prepare(json.loads(lines.get()))
    result = work(prepared, json.loads(lines.get()))
    with os.fdopen(_events, "wb") as pipe:
        pipe.write(json.dumps(result).encode())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the connector leaves threads behind that would delay a normal exit


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _listen(lines: queue.SimpleQueue[bytes]) -> None:
    """Read lines until the parent is gone; from the descriptor, for a lock on sys.stdin would hinder the exit."""
    pending = b""
    while chunk := os.read(0, 1 << 16):
        *complete, pending = (pending + chunk).split(b"\n")
        for line in complete:
            lines.put(line)
    os._exit(1)


def _last_words(log: Path) -> str:
    """The error that a child has died of, as its log ends with it; empty if there is none."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_WORDS))
        lines = file.read().decode("utf-8", "replace").splitlines()
        if lines and _ERROR.match(lines[-1]):
            return f", {lines[-1][:_LONGEST_REASON]}"
    return ""


def _environment() -> dict[str, str]:
    """What a child gets of the parent's environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatch.fnmatchcase(name.upper(), pattern) for pattern in _HANDED_ON)
    }
    return kept | {"PYTHONUNBUFFERED": "1", "DO_NOT_TRACK": "1"}
