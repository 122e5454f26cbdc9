"""`make bench`: what a run costs, against the least that such a run could cost.

Commands that are compared run in turn, so that a noisy machine is noisy for both; a ratio is that of the medians.
Everything runs as a person's command does, in a process of its own, with bytecode compiled.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench import figures, floor, growth, unchecked
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
NOW = datetime(2026, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
COINS = 100
STEPS = ("ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize")


def main() -> None:
    """Measure and print all but the growth; or `growth [WORLD ...]`, `floor [POINTS]`, `compare COMMIT [COMMIT]`."""
    if sys.argv[1:2] == ["growth"]:
        growth.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["floor"]:
        floor.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["compare"]:
        print(figures.compare(sys.argv[2:4]))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder, ReplayServer(synthetic, now=NOW) as server:
        scratch = Path(folder)
        _compare_full_run(scratch, server.base_url, rounds)
        _compare_gates(scratch, rounds)
        _compare_rerun(scratch, rounds * 2)
        _compare_connector(scratch, server.base_url, rounds)
        _compare_imports(rounds)
        _compare_many_coins(scratch, server.base_url, rounds)


def _compare_full_run(scratch: Path, base_url: str, rounds: int) -> None:
    window = (NOW - timedelta(days=7)).replace(hour=0, minute=0, second=0), NOW
    bare = [
        "bench/bare.py",
        base_url,
        *(str(int(moment.timestamp())) for moment in window),
        str(scratch / "bare.png"),
    ]
    spent: dict[str, list[float]] = {step: [] for step in STEPS}

    def full() -> None:
        shutil.rmtree(scratch / "data", ignore_errors=True)
        for step, seconds in re.findall(r"(\w+) done .*seconds=([\d.]+)", _run(_pipeline(scratch))):
            spent[step].append(float(seconds))

    ours, least = _in_turn(full, lambda: _run(bare), rounds)
    _print_ratio("full first run", "bare script", ours, least, aim=6)
    total = statistics.median(ours)
    for step in STEPS:
        _print_part(step, statistics.median(spent[step]), total)
    _print_part("Python, Luigi, looking", total - sum(statistics.median(spent[step]) for step in STEPS), total)


def _compare_gates(scratch: Path, rounds: int) -> None:
    """What the models' tests, the census and the gate for answers add to a full run."""
    project = unchecked.copy_to(scratch / "unchecked")
    looked: list[float] = []

    def full(root: Path) -> None:
        shutil.rmtree(scratch / "data", ignore_errors=True)
        printed = _run(_pipeline(scratch), root)
        if root == ROOT:
            looked.append(
                sum(float(seconds) for seconds in re.findall(r"(?:VerifyData|Test) done .*seconds=(.+)", printed))
            )

    ours, least = _in_turn(lambda: full(ROOT), lambda: full(project), rounds)
    _print_ratio("full first run", "the same with one test of its models", ours, least)
    total = statistics.median(ours)
    _print_part("tests of the models", total - statistics.median(least), total)
    _print_part("VerifyData and Test", statistics.median(looked), total)


def _compare_rerun(scratch: Path, rounds: int) -> None:
    empty = ["-m", "luigi", "--module", "bench.empty_tasks", "Fifth", "--local-scheduler"]
    ours, least = _in_turn(lambda: _run(_pipeline(scratch)), lambda: _run(empty), rounds)
    _print_ratio("rerun with nothing to do", "five empty Luigi tasks", ours, least, aim=1.5)


def _compare_connector(scratch: Path, base_url: str, rounds: int) -> None:
    def extract(kind: str) -> Callable[[], object]:
        def run() -> None:
            shutil.rmtree(scratch / kind, ignore_errors=True)
            _run(["-m", "bench.connector", kind, str(scratch / kind), base_url])

        return run

    lean, plain = _in_turn(extract("lean"), extract("plain"), rounds)
    _print_ratio("connector, lean import", "connector, plain import", lean, plain)


def _compare_imports(rounds: int) -> None:
    """Of the connector's process, before it does anything, against what `import airbyte` takes."""
    plain = ["-c", "import airbyte; from airbyte._executors.declarative import DeclarativeExecutor"]
    lean, all_of_it = _in_turn(lambda: _run(["-m", "bench.connector", "imports"]), lambda: _run(plain), rounds)
    _print_ratio("imports of the connector", "import airbyte", lean, all_of_it, aim=0.33)


def _compare_many_coins(scratch: Path, base_url: str, rounds: int) -> None:
    """The extraction of a hundred coins against a loop of requests and inserts of the same answers."""
    coins = ",".join(coin["id"] for coin in synthetic.coins_list()[:COINS])
    window = (
        str(int((NOW - timedelta(days=7)).replace(hour=0, minute=0, second=0).timestamp())),
        str(int(NOW.timestamp())),
    )

    def extract() -> None:
        shutil.rmtree(scratch / "many", ignore_errors=True)
        _run(
            [
                *("-m", "luigi", "--module", "btc_pipeline", "ExtractAndLoad", "--local-scheduler"),
                *("--coingecko-base-url", base_url, "--coingecko-calls-a-minute", "1000"),
                *("--pipeline-now", NOW.isoformat(), "--pipeline-coins", coins),
                *("--pipeline-data-dir", str(scratch / "many")),
            ]
        )

    def loop() -> None:
        (scratch / "many.duckdb").unlink(missing_ok=True)
        _run(["-m", "bench.many_coins", base_url, str(scratch / "many.duckdb"), *window, coins])

    ours, least = _in_turn(extract, loop, rounds)
    _print_ratio(f"extraction of {COINS} coins", "a plain loop", ours, least, aim=3)


def _pipeline(scratch: Path) -> list[str]:
    return [
        *("-m", "luigi", "--module", "btc_pipeline", "Visualize", "--local-scheduler"),
        *("--pipeline-source", "sample", "--pipeline-now", NOW.isoformat()),
        *("--pipeline-data-dir", str(scratch / "data")),
    ]


def _in_turn(ours: Callable[[], object], least: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each, after one uncounted round that warms the file cache."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for command, seconds in zip((ours, least), spent, strict=True):
            started = time.perf_counter()
            command()
            seconds.append(time.perf_counter() - started)
    return spent[0][1:], spent[1][1:]


def _run(arguments: Sequence[str], root: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stderr


def _print_ratio(ours: str, least: str, seconds: Sequence[float], yardstick: Sequence[float], aim: float = 0) -> None:
    one, other = statistics.median(seconds), statistics.median(yardstick)
    print(f"\n{ours}: {one / other:.2f} times {least}" + (f" (aim: at most {aim:g})" if aim else ""))
    print(f"  {one:.2f} s [{min(seconds):.2f} to {max(seconds):.2f}] against {other:.2f} s", end=" ")
    print(f"[{min(yardstick):.2f} to {max(yardstick):.2f}], medians of {len(seconds)}")


def _print_part(name: str, seconds: float, total: float) -> None:
    print(f"  {name:<24}{seconds:6.2f} s {seconds / total:6.0%}")


if __name__ == "__main__":
    main()
