"""What one more daily run costs after so many days: `python -m bench.growth [DAYS[xCOINS] ...]`.

Each world is made once; the next day's run is a command of a person, in processes of its own. Ratios are against the
first world. CPU is that of all processes, memory that of the largest one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench import worlds
from btc_pipeline.coingecko.simulator import synthetic

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
WORLDS = ("8", "365")
ROUNDS = 3


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU and wall in seconds, memory of its largest process in MB."""

    cpu: float
    wall: float
    memory: float


def main() -> None:
    """Measure and print."""
    print(
        f"{'world':<12}{'CPU':>8}{'ratio':>7}{'wall':>8}{'ratio':>7}{'memory':>9}{'ratio':>7}{'bytes':>9}{'files':>8}"
    )
    first: Cost | None = None
    for name in sys.argv[1:] or WORLDS:
        days, _, coins = name.partition("x")
        with tempfile.TemporaryDirectory() as folder:
            cost, size, files = one_more_day(Path(folder), int(days), int(coins or 1))
        first = first or cost
        columns = (cost.cpu, first.cpu, "s"), (cost.wall, first.wall, "s"), (cost.memory, first.memory, "MB")
        told = "".join(f"{value:>{7 - len(unit) + 1}.1f} {unit}{value / base:>6.2f}" for value, base, unit in columns)
        print(f"{name:<12}{told}{size / 1e6:>7.1f} MB{files:>8}", flush=True)


def one_more_day(folder: Path, days: int, coins: int) -> tuple[Cost, int, int]:
    """The cost of the run after so many days, the median of three by its CPU; bytes and files of its data folder."""
    before, after = folder / "before", folder / "after"
    names = [coin["id"] for coin in synthetic.coins_list()[:coins]] if coins > 1 else ["bitcoin"]
    yesterday = NOW - timedelta(days=1)
    worlds.make(before, names, days, yesterday)
    _run(before, names, yesterday)
    costs = []
    for _ in range(ROUNDS):
        shutil.rmtree(after, ignore_errors=True)
        shutil.copytree(before, after, symlinks=True)
        costs.append(_run(after, names, NOW))
    found = [path for path in after.rglob("*") if path.is_file()]
    return sorted(costs, key=lambda cost: cost.cpu)[ROUNDS // 2], sum(path.stat().st_size for path in found), len(found)


def _run(data_dir: Path, coins: list[str], now: datetime) -> Cost:
    command = [
        *(sys.executable, "-m", "luigi", "--module", "btc_pipeline", "Visualize", "--local-scheduler"),
        *("--pipeline-source", "sample", "--pipeline-now", now.isoformat(), "--pipeline-coins", ",".join(coins)),
        *("--pipeline-data-dir", str(data_dir), "--pipeline-days", str(worlds.WINDOW)),
    ]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(command, cwd=ROOT, stdout=printed, stderr=printed)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            printed.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{printed.read().decode()}")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - started, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
