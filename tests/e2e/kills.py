"""A run that is killed, and the one after it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from tests.e2e import published
from tests.e2e.command_line import Pipeline, Result
from tests.e2e.published import Row
from tests.support.patience import ORPHANED

_STAMP = re.compile(r"-\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{6}\.json$")


@dataclass(frozen=True)
class Kill:
    """The moment: so many seconds after the start, or after `step` is done. The run may have ended by then.

    `with_children`: all processes are killed, as by a power cut, or only the main one.
    """

    seconds: float
    step: str | None
    with_children: bool

    def __str__(self) -> str:
        who = "all" if self.with_children else "main process"
        return f"{who} {self.seconds:.2f} s after {self.step or 'the start'}"


@dataclass(frozen=True)
class Aftermath:
    """What was found: of the killed run, at once after it, and after the next run has ended."""

    kill: Kill
    killed: Result
    candles_after_kill: list[Row]
    rerun: Result
    candles: list[Row]
    orphans: list[str]
    files: set[str]
    leftovers: list[str]

    @property
    def steps_done_twice(self) -> list[str]:
        """The steps that the rerun did although the killed run had said that they are done."""
        return [step for step in self.rerun.done if step in self.killed.done]


def kill_and_rerun(pipeline: Pipeline, kill: Kill) -> Aftermath:
    """Run to the chart on data of any age, SIGKILL, and run again at once."""
    database = pipeline.sample / "crypto_data.duckdb"
    with pipeline.started("Visualize") as running:
        if kill.step:
            running.wait_for(kill.step)
        time.sleep(kill.seconds)
        if kill.with_children:
            running.kill_group()
        else:
            running.kill()
        killed = running.wait()
        candles_after_kill = published.candles_as_text(database) if database.exists() else []
        rerun = pipeline.run("Visualize")
        give_up_at = time.monotonic() + ORPHANED
        while running.processes() and time.monotonic() < give_up_at:
            time.sleep(0.05)
        orphans = [(folder / "cmdline").read_bytes().decode() for folder in running.processes().values()]
    return Aftermath(
        kill=kill,
        killed=killed,
        candles_after_kill=candles_after_kill,
        rerun=rerun,
        candles=published.candles_as_text(database) if database.exists() else [],
        orphans=orphans,
        files=files_that_count(pipeline),
        leftovers=published.leftovers(pipeline.data_dir),
    )


def files_that_count(pipeline: Pipeline) -> set[str]:
    """The names of all that a run makes, apart from logs, and from what dbt compiles: tests run anew compile anew.

    A run's record is named after its build, which is another one each time.
    """
    names = {name for name in published.files_of(pipeline.sample) if not name.startswith("work/dbt/")}
    return {_STAMP.sub("-<stamp>.json", name) for name in names}
