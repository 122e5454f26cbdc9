"""What one more daily run costs after so many days: `make bench ARGS="growth [WORLD ...]"`. `--write` keeps figures.

`--rounds N`: each world's run is measured so often. `--most RATIO`: a world that costs more, in CPU or memory, fails.

A world is `DAYS`, `DAYSxCOINS`, or `DAYS-nights`: one with an answer for each day, as years of runs leave them; else
what is older than 60 days has the answers of a backfill. Each world is made once; the next day's run is a command of a
person, in processes of its own. Ratios are against the world of 8 days with as many coins, measured in the same
session. CPU is that of all processes, memory that of the largest one.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench import figures, worlds
from bench.worlds import World
from btc_pipeline.coingecko.simulator import synthetic

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
WORLDS = ("365",)
ROUNDS = 3


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU and wall in seconds, memory of its largest process in MB."""

    cpu: float
    wall: float
    memory: float


def main(arguments: Sequence[str]) -> None:
    """Measure and print; with `--write` keep the figures, and write docs/measurements.md."""
    given = argparse.ArgumentParser(prog="bench growth")
    given.add_argument("worlds", nargs="*", default=WORLDS)
    given.add_argument("--write", action="store_true")
    given.add_argument("--rounds", type=int, default=ROUNDS)
    given.add_argument("--most", type=float, default=math.inf)
    wanted = given.parse_args(arguments)
    young: dict[World, figures.Figure] = {}
    print(figures.HEAD)
    for world in map(World.of, wanted.worlds):
        if world.base not in young:
            young[world.base] = _measured(world.base, None, wanted.rounds)
            print(young[world.base].line(), flush=True)
        if world != world.base:
            found = _measured(world, young[world.base], wanted.rounds)
            print(found.line(), flush=True)
            if wanted.write:
                figures.keep([young[world.base], found])
            if max(found.cpu_ratio, found.memory_ratio) > wanted.most:
                sys.exit(f"one more day of {world} costs more than {wanted.most:g} times that of {world.base}")
    if wanted.write:
        figures.write_page()


def _measured(world: World, base: figures.Figure | None, rounds: int) -> figures.Figure:
    with tempfile.TemporaryDirectory() as folder:
        cost, size, files = one_more_day(Path(folder), world, rounds)
    return figures.Figure.of(str(world), asdict(cost) | {"bytes": size, "files": files}, base)


def one_more_day(folder: Path, world: World, rounds: int) -> tuple[Cost, int, int]:
    """The cost of the run after so many days, the median by its CPU; bytes and files of its data folder."""
    before, after = folder / "before", folder / "after"
    names = [coin["id"] for coin in synthetic.coins_list()[: world.coins]] if world.coins > 1 else ["bitcoin"]
    yesterday = NOW - timedelta(days=1)
    worlds.make(before, names, world.days, yesterday, answers_each_day=world.is_nightly)
    _run(before, names, yesterday)
    costs = []
    for _ in range(rounds):
        shutil.rmtree(after, ignore_errors=True)
        shutil.copytree(before, after, symlinks=True)
        costs.append(_run(after, names, NOW))
    found = [path for path in after.rglob("*") if path.is_file()]
    return sorted(costs, key=lambda cost: cost.cpu)[rounds // 2], sum(path.stat().st_size for path in found), len(found)


def _run(data_dir: Path, coins: list[str], now: datetime) -> Cost:
    """What a person's run on SAMPLE data costs; one that fails ends this program."""
    command = [
        *(sys.executable, "-m", "luigi", "--module", "btc_pipeline", "Visualize", "--local-scheduler"),
        *("--pipeline-source", "sample", "--pipeline-now", now.isoformat(), "--pipeline-coins", ",".join(coins)),
        *("--pipeline-data-dir", str(data_dir), "--pipeline-days", str(worlds.WINDOW)),
    ]
    return cost_of(command)


def cost_of(command: Sequence[str]) -> Cost:
    """What a command costs; one that fails ends this program."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(command, cwd=ROOT, stdout=printed, stderr=printed)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            printed.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{printed.read().decode()}")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - started, used.ru_maxrss / 1024)
