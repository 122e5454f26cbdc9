"""Each kind of bad answer, in each stream, to a coin that is new and to one that is known: what becomes of it.

`make matrix` writes docs/bad-answers.md. Many cases ride in one world, one coin each, beside a coin that is well. If a
run of it ends with an error for the whole, each half of the cases is told anew, in a world of its own.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.coins import COINS
from btc_pipeline.market import days
from tests.e2e import truth
from tests.e2e.command_line import ROOT
from tests.e2e.published import Row
from tests.sweeps import dbt_at_hand
from tests.sweeps.bad_kinds import CASES, KINDS, Kind
from tests.sweeps.bad_nights import wrong_finals
from tests.sweeps.nights import Bad, Night, World

PAGE = ROOT / "docs/bad-answers.md"
WELL = "bitcoin"
NEW, KNOWN = "first load", "known coin"
BEGIN = datetime(2026, 3, 10, 14, 40, tzinfo=timezone.utc)
NIGHTS = [BEGIN + number * timedelta(hours=23, minutes=40) for number in range(4)]
"""The known coins have a good answer in the first night; the second has the bad ones, and two good ones follow."""
THAT_DAY = 1
RIDERS = 24
"""How many coins of a world have a bad answer."""
_LONGEST = 140


@dataclass(frozen=True)
class Case:
    """A kind in a stream, to a coin that is new or known."""

    kind: str
    stream: str
    state: str

    @property
    def first_day(self) -> date:
        """The first day that its coin was asked for."""
        return NIGHTS[THAT_DAY if self.state == NEW else 0].date() - timedelta(days=7)


@dataclass(frozen=True)
class Outcome:
    """What became of a case: a cell for that day, the next and the third, and the first line about it."""

    cells: tuple[str, ...]
    line: str

    @property
    def is_wrong(self) -> bool:
        """Whether a final candle was wrong at any time."""
        return any("WRONG" in cell for cell in self.cells)


def coins_apart(number: int) -> list[str]:
    """So many coins whose prices differ by a fifth at least, and which move as bitcoin does or more."""
    found = [WELL]
    for coin_id, coin in sorted(COINS.items(), key=lambda item: item[1].usd, reverse=True):
        is_old = coin.listed_at.year == 1970
        if coin.volatility >= 1 and is_old and all(abs(coin.usd / COINS[each].usd - 1) > 0.2 for each in found):
            found.append(coin_id)
    apart = found[1:]
    assert len(apart) >= number, len(apart)
    return apart[:number]


def outcomes(cases: Sequence[Case]) -> dict[Case, Outcome]:
    """What becomes of these cases, in one world if it can be."""
    coins = dict(zip(coins_apart(len(cases)), cases, strict=True))
    with tempfile.TemporaryDirectory(prefix="btc_pipeline-matrix-") as folder, dbt_at_hand.many():
        nights = list(_told(Path(folder) / "data", coins))
    if len(cases) > 1 and any(night.error for night in nights):
        half = len(cases) // 2
        error = next(night.error for night in nights if night.error)
        print(f"each half anew of {len(cases)} cases: {error}", file=sys.stderr)
        return outcomes(cases[:half]) | outcomes(cases[half:])
    return {case: _outcome(case, coin, nights[THAT_DAY:]) for coin, case in coins.items()}


def _told(data_dir: Path, coins: dict[str, Case]) -> list[Night]:
    world = World(data_dir, (WELL, *coins))
    nights = []
    for number, now in enumerate(NIGHTS):
        asked = [coin for coin, case in coins.items() if number >= THAT_DAY or case.state == KNOWN]
        world.settings = replace(world.settings, coins=(WELL, *asked))
        bad = [Bad(KINDS[case.kind], case.stream, coin, WELL, repr(case)) for coin, case in coins.items()]
        nights.append(world.night(now, *(bad if number == THAT_DAY else [])))
    return nights


def _outcome(case: Case, coin: str, nights: Sequence[Night]) -> Outcome:
    lines = [line for line in nights[0].lines if f"{coin}/" in line or f"={coin}/" in line or f" {coin}:" in line]
    return Outcome(tuple(_cell(case, coin, night) for night in nights), _plain(lines[0], coin) if lines else "")


def _cell(case: Case, coin: str, night: Night) -> str:
    """The worst of a coin's settled days first."""
    rows = {row["date"]: row for row in night.candles if row["coin_id"] == coin}
    due = days.Span(case.first_day, days.last_settled(night.now)).days
    settled = [rows[day] for day in due if day in rows]
    doubted = [row for row in settled if not truth.is_final(row)]
    says = []
    if wrong := wrong_finals(list(rows.values())):
        off = ", ".join(f"{each.day:%d %b} {each.granularity} by {each.bps:g}" for each in wrong)
        says.append(f"**WRONG** {off} bps")
    if night.error:
        says.append(f"run failed, {night.exit_code}")
    if coin in night.held_back:
        says.append(f"held back, {night.held_back[coin]}")
    if missing := len(due) - len(settled):
        says.append(f"{missing} days missing")
    if doubted:
        why = sorted({doubt for row in doubted for doubt in row["doubts"]}) or ["not settled or not covered"]
        says.append(f"{len(doubted)} provisional: {', '.join(why)}")
    if off_figures := sorted({name for row in settled if row["status"] == "final" for name in figures_off(row)}):
        says.append(f"right, but {' and '.join(off_figures)}")
    return "; ".join(says) or "right"


def figures_off(row: Row) -> list[str]:
    """Which other figures of a candle are not those of the last settled point of its day that has them."""
    start = datetime.combine(row["date"], datetime.min.time(), timezone.utc)
    points = synthetic.settled_points(
        row["coin_id"], "usd", truth.SERIES[row["granularity"]], start, start + timedelta(days=1, milliseconds=-1)
    )
    last = points[-1]
    true = {"volume_24h": last.total_volume, "market_cap": last.market_cap}
    return [
        f"{name} {'none' if row[name] is None else f'× {row[name] / value:.3g}'}"
        for name, value in true.items()
        if value and (row[name] is None or abs(row[name] / value - 1) > 0.01)
    ]


def _plain(line: str, coin: str) -> str:
    """A line about a coin without its name, its file and what is known already."""
    short = re.sub(r"^.*?goes on without \S+: |,? file \S+|\S*/coin_id=\S*", "", line)
    short = short.replace(f"{coin}/usd", "it").replace(coin, "it").replace("|", "/")
    return short if len(short) <= _LONGEST else short[: _LONGEST - 3] + "..."


# --- The page

_HEAD = """# What the API may say that is not so, and what becomes of it

Written by `make matrix` from `tests/sweeps/bad_kinds.py`, by {runs} runs of the pipeline's steps. Each line is one
answer to one coin: to a coin that is new, and to one that has the candles of a week. The cells are about the
coin's settled days after that run and after the next two, whose answers are good: `right` if all are `final` and true,
else what is not. `WRONG` is a `final` candle whose open, high, low or close is more than 1 basis point from the truth.

{wrong} of {all} lines have a final candle that is wrong.

| bad answer | in | {columns} | what the run says |
|---|---|---|---|---|---|---|---|---|
"""
_DAYS = ("that day", "next day", "third day")


def page(found: dict[Case, Outcome]) -> str:
    """The table, as Markdown."""
    lines = []
    for kind, stream in CASES:
        both = [
            found[Case(kind.name, stream, state)] for state in (NEW, KNOWN) if Case(kind.name, stream, state) in found
        ]
        if both:
            cells = [cell for each in both for cell in each.cells]
            lines.append(
                (any(each.is_wrong for each in both), [_named(kind), stream, *cells, both[-1].line or both[0].line])
            )
    head = _HEAD.format(
        runs=len(NIGHTS) * -(-2 * len(lines) // RIDERS),
        wrong=sum(is_wrong for is_wrong, _ in lines),
        all=len(lines),
        columns=" | ".join(f"{state}: {day}" for state in (NEW, KNOWN) for day in _DAYS),
    )
    return head + "".join(f"| {' | '.join(cells)} |\n" for _, cells in lines)


def _named(kind: Kind) -> str:
    return f"**{kind.name}**: {kind.what}"


def main(arguments: Sequence[str]) -> None:
    """Write the page; with words, only of the kinds and streams that contain one of them, to standard output."""
    chosen = [
        (kind, stream)
        for kind, stream in CASES
        if not arguments or any(word in f"{kind.name} in {stream}" for word in arguments)
    ]
    cases = [Case(kind.name, stream, state) for kind, stream in chosen for state in (NEW, KNOWN)]
    twins = sum(KINDS[case.kind].of_other_coin for case in cases)
    worlds = max(-(-len(cases) // RIDERS), twins)  # two coins with the answer of a third one are another story
    found: dict[Case, Outcome] = {}
    with ProcessPoolExecutor(max_workers=2) as executor:
        for number, of_world in enumerate(executor.map(outcomes, [cases[at::worlds] for at in range(worlds)]), 1):
            found |= of_world
            print(f"{number} of {worlds} worlds", file=sys.stderr)
    if arguments:
        print(page(found))
    else:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
