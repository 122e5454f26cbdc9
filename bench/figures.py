"""The figures of `bench.growth` that are kept: `growth.json` beside this module, and their table in the docs.

A figure holds its ratios to the young world of its own session, because only those mean something on another machine.
`compare` holds the figures of two commits side by side, or of one and these.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.worlds import World

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(__file__).with_name("growth.json")
PAGE = ROOT / "docs" / "measurements.md"
BEGIN, END = '<!-- growth: written by `make bench ARGS="growth --write"` -->', "<!-- growth: end -->"

HEAD = f"{'world':<14}{'CPU':>9}{'ratio':>7}{'wall':>9}{'ratio':>7}{'memory':>10}{'ratio':>7}{'bytes':>11}{'files':>8}"


@dataclass(frozen=True)
class Figure:
    """What one more day cost in a world: CPU and wall in seconds, memory in MB; the ratios are to the young world."""

    world: str
    cpu: float
    wall: float
    memory: float
    bytes: int
    files: int
    cpu_ratio: float = 1.0
    wall_ratio: float = 1.0
    memory_ratio: float = 1.0

    @classmethod
    def of(cls, world: str, measured: Mapping[str, float], base: Figure | None) -> Figure:
        """From what was measured, and the young world of the same session; None: it is the young world."""
        kept = {name: round(measured[name], 2) for name in ("cpu", "wall", "memory")}
        ratios = {f"{name}_ratio": round(kept[name] / getattr(base, name), 2) for name in kept} if base else {}
        return cls(world, **kept, bytes=int(measured["bytes"]), files=int(measured["files"]), **ratios)

    def line(self) -> str:
        """A line below `HEAD`."""
        return (
            f"{self.world:<14}{self.cpu:>7.1f} s{self.cpu_ratio:>7.2f}{self.wall:>7.1f} s{self.wall_ratio:>7.2f}"
            f"{self.memory:>7.0f} MB{self.memory_ratio:>7.2f}{self.bytes / 1e6:>8.1f} MB{self.files:>8}"
        )


def read(text: str) -> dict[str, Figure]:
    """The figures by world, from the text of the file that keeps them."""
    return {each["world"]: Figure(**each) for each in json.loads(text)}


def keep(figures: Iterable[Figure]) -> None:
    """Keep figures; those of other worlds stay."""
    known = read(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    known |= {each.world: each for each in figures}
    rows = ",\n ".join(json.dumps(asdict(known[world])) for world in sorted(known, key=_order))
    KEPT.write_text(f"[{rows}]\n", encoding="utf-8")


def write_page() -> None:
    """Write the table of the kept figures into docs/measurements.md."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def table() -> str:
    """The kept figures as a block of text."""
    lines = [each.line() for each in read(KEPT.read_text(encoding="utf-8")).values()]
    return "\n".join(["```text", HEAD, *lines, "```"])


def compare(commits: Sequence[str]) -> str:
    """The figures of one or two commits side by side; of one commit beside those that are here."""
    if not commits:
        sys.exit('usage: make bench ARGS="compare COMMIT [COMMIT]"')
    found = [read(_at(commit)) for commit in commits]
    names = list(commits)
    if len(found) == 1:
        found, names = [*found, read(KEPT.read_text(encoding="utf-8"))], [*names, "here"]
    lines = [f"{'world':<14}{'':>14}" + "".join(f"{name[:12]:>14}" for name in names)]
    for world in sorted({world for each in found for world in each}, key=_order):
        for name in ("cpu_ratio", "memory_ratio", "bytes", "files"):
            values = [getattr(each[world], name) if world in each else None for each in found]
            told = "".join(f"{'-' if value is None else value:>14}" for value in values)
            lines.append(f"{world:<14}{name.replace('_', ' '):>14}{told}")
    return "\n".join(lines)


def _at(commit: str) -> str:
    """The file of figures at a commit."""
    name = f"{commit}:{KEPT.relative_to(ROOT).as_posix()}"
    found = subprocess.run(["git", "show", name], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        sys.exit(f"no figures at {commit}: {found.stderr.strip()}")
    return found.stdout


def _order(name: str) -> tuple[int, int, str]:
    world = World.of(name)
    return world.coins, world.days, name
