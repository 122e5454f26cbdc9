"""A run of which one system call fails: by strace, which follows children, as an environment does not.

strace counts the calls of each thread: a failure at the tenth call hits each thread that makes ten.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e.command_line import Pipeline, Result

STRACE = shutil.which("strace")
_MAIN = "the run"
_ROLES = {
    "btc_pipeline.coingecko.connector.process": "connector",
    "btc_pipeline.transform.dbt_process": "dbt",
    "btc_pipeline.visualize.process": "drawing",
}
_OF_PROCESSES = ("execve", "clone", "clone3", "fork", "vfork")
_LINE = re.compile(r"(?P<pid>\d+) +(?:<\.\.\. )?(?P<call>\w+)(?: resumed>|\()(?P<rest>.*)")
_STARTED = re.compile(r"\) += (\d+)$")
_OPENED = re.compile(r'"(/[^"]*)"|<(/[^>]*)>')


@dataclass(frozen=True)
class Call:
    """One call of a run: in which process, the how manieth of its kind in its thread, and on which file."""

    role: str
    name: str
    number: int
    path: str


@dataclass(frozen=True)
class Injection:
    """The call that fails: its kind, its number in each thread, and the error."""

    call: str
    number: int
    error: str


def calls(pipeline: Pipeline, log: Path, names: tuple[str, ...], step: str = "Visualize") -> list[Call]:
    """Run to the end, and list the calls of these names."""
    result = _traced(pipeline, log, names).run(step)
    assert result.exit_code == 0, result.stderr
    return [call for call, _ in _read(log, names)]


def run(pipeline: Pipeline, log: Path, injection: Injection, step: str = "Visualize") -> tuple[Result, list[Call]]:
    """Run while a call fails: what came of it, and which calls have failed."""
    inject = f"inject={injection.call}:error={injection.error}:when={injection.number}"
    result = _traced(pipeline, log, (injection.call,), "-e", inject).run(step)
    return result, [call for call, is_injected in _read(log, (injection.call,)) if is_injected]


def _traced(pipeline: Pipeline, log: Path, names: tuple[str, ...], *options: str) -> Pipeline:
    assert STRACE is not None
    traced = ",".join((*_OF_PROCESSES, *names))
    command = [STRACE, "-f", "--seccomp-bpf", "-qq", "-y", "-s", "256", "-e", "signal=none", "-e", f"trace={traced}"]
    return replace(pipeline, wrapper=[*command, *options, "-o", str(log)])


def _read(log: Path, names: tuple[str, ...]) -> Iterator[tuple[Call, bool]]:
    """The calls of a log, and whether each has failed because strace let it."""
    roles: dict[str, str] = {}
    parents: dict[str, str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    begun: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        pid, call, rest = found.groups()
        is_resumed = f"<... {call} resumed>" in line
        if call == "execve" and not is_resumed:
            for module, role in _ROLES.items():
                if module in rest:
                    roles[pid] = role
        if call in _OF_PROCESSES and (started := _STARTED.search(rest)):
            parents[started[1]] = pid
        if call not in names:
            continue
        if not is_resumed:
            counts[pid, call] += 1
            begun[pid] = rest
        if rest.endswith("<unfinished ...>"):
            continue
        path = _OPENED.search(begun[pid])
        where = (path[1] or path[2]) if path else begun[pid].partition("(")[0][:40]
        yield Call(_role(pid, roles, parents), call, counts[pid, call], where), line.endswith("(INJECTED)")


def _role(pid: str, roles: dict[str, str], parents: dict[str, str]) -> str:
    while pid not in roles and pid in parents:
        pid = parents[pid]
    return roles.get(pid, _MAIN)
