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
from btc_pipeline.coingecko.streams import CHART_5M, MARKET_CHART, OHLC
from btc_pipeline.market import days
from tests.e2e import truth
from tests.e2e.command_line import ROOT
from tests.e2e.published import Row
from tests.support import dbt_at_hand
from tests.sweeps.bad_kinds import CASES, KINDS, Kind
from tests.sweeps.bad_nights import HOURLY_BPS, Wrong, is_wrong, off_by, wrong_finals
from tests.sweeps.nights import Bad, Night, World

PAGE = ROOT / "docs/bad-answers.md"
WELL = "bitcoin"
NEW, KNOWN = "new", "known"
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
    """What became of a case on that day, the next and the third: in short, and each wrong candle; the first line."""

    cells: tuple[str, ...]
    wrong: tuple[tuple[Wrong, ...], ...]
    line: str


def coins_apart(number: int) -> list[str]:
    """So many coins that move as bitcoin does or more, at prices that differ by a fifth, from the 20th of its on."""
    found: list[str] = []
    for coin_id, coin in sorted(COINS.items(), key=lambda item: item[1].usd, reverse=True):
        is_old = coin.listed_at.year == 1970
        highest = COINS[found[-1]].usd / 1.2 if found else COINS[WELL].usd / 20
        if coin.volatility >= 1 and is_old and coin.usd <= highest:
            found.append(coin_id)
    assert len(found) >= number, len(found)
    return found[:number]


def in_worlds(cases: Sequence[Case]) -> list[list[Case]]:
    """The cases of each world, as different as can be; an answer of the coin that is well has a world of its own."""
    of_well = [case for case in cases if KINDS[case.kind].of_other_coin]
    others = [case for case in cases if case not in of_well]
    number = -(-len(others) // RIDERS)
    return [*(others[at::number] for at in range(number)), *([case] for case in of_well)]


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
    wrong = tuple(tuple(each for each in wrong_finals(night.candles) if each.coin == coin) for night in nights)
    cells = tuple(_cell(case, coin, night, bad) for night, bad in zip(nights, wrong, strict=True))
    return Outcome(cells, wrong, _plain(lines[0], coin) if lines else "")


def _cell(case: Case, coin: str, night: Night, wrong: Sequence[Wrong]) -> str:
    """What is not right of a coin's settled days, the worst first."""
    rows = {row["date"]: row for row in night.candles if row["coin_id"] == coin}
    due = days.Span(case.first_day, days.last_settled(night.now)).days
    settled = [rows[day] for day in due if day in rows]
    doubted = [row for row in settled if not truth.is_final(row)]
    why = sorted({doubt.partition("_")[0] for row in doubted for doubt in row["doubts"]}) or ["no doubt"]
    unseen = max((off_by(row) for row in settled if row["status"] == "final" and not is_wrong(row)), default=0)
    off = sorted({name for row in settled if row["status"] == "final" for name in figures_off(row)})
    says = {
        f"**WRONG {max((each.bps for each in wrong), default=0):.3g}**": wrong,
        f"UNSEEN {unseen:.3g}": unseen > HOURLY_BPS,
        f"failed {night.exit_code}": night.error,
        f"held back {night.held_back.get(coin)}": coin in night.held_back,
        f"{len(due) - len(settled)} missing": len(due) > len(settled),
        f"{len(doubted)} {'+'.join(why)}": doubted,
        f"{' and '.join(off)} off": off,
    }
    return ", ".join(text for text, is_so in says.items() if is_so) or "right"


def figures_off(row: Row) -> list[str]:
    """Which other figures of a candle are not those of the last settled point of its day."""
    start = datetime.combine(row["date"], datetime.min.time(), timezone.utc)
    series, end = truth.SERIES[row["granularity"]], start + timedelta(days=1, milliseconds=-1)
    last = synthetic.settled_points(row["coin_id"], "usd", series, start, end)[-1]
    true = {"volume_24h": last.total_volume, "market_cap": last.market_cap}
    return [
        name.partition("_")[0]
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

Written by `make matrix` from `tests/sweeps/bad_kinds.py`, by runs of the pipeline's steps on the synthetic market. Each
row is one bad answer to one coin: to a coin that is new, or to one that has the candles of a week. The cells are about
the coin's settled days after that run and after the next two, whose answers are good:

- `right`: all days are `final` and true, but those that the market itself gives no edges;
- `WRONG 12`: a `final` candle's open, high, low or close is so many basis points from the truth, and further than the
  [published limits](candles.md#doubts) allow;
- `UNSEEN 12`: it is so many basis points from the truth, within these limits, and nothing that day contradicts it;
- `failed 50`: the whole run ended with this exit code;
- `held back 30`: the run went on without the coin, and ended with this exit code;
- `2 missing`: so many days have no candle;
- `3 jump+twin`: so many are `provisional`, with the doubts whose names begin so;
- `volume off`: a `final` candle has another volume than the last point of its day.

Below are the lines with which the run of that day names the coin.

"""
_STREAMS = {MARKET_CHART: "hourly", CHART_5M: "5-minute", OHLC: "/ohlc"}
_DAYS = ("that day", "next day", "third day")


def page(found: dict[Case, Outcome]) -> str:
    """All that was found, as Markdown: what is wrong, then each kind."""
    wrong = [
        f"- {case.kind}, {_STREAMS[case.stream]}, {case.state}, {_DAYS[number]}: the {each.granularity} candle of"
        f" {each.day:%d %B} by {each.bps:g}\n"
        for case, outcome in found.items()
        for number, of_day in enumerate(outcome.wrong)
        for each in of_day
    ]
    head = f"## Final candles that are wrong\n\n{''.join(wrong) or 'None.' + chr(10)}\n"
    return (_HEAD + head + "\n".join(filter(None, (_section(kind, found) for kind in KINDS.values())))).rstrip() + "\n"


def _section(kind: Kind, found: dict[Case, Outcome]) -> str:
    of_kind = {case: outcome for case, outcome in found.items() if case.kind == kind.name}
    if not of_kind:
        return ""
    rows = [f"| {_STREAMS[case.stream]}, {case.state} | {' | '.join(of.cells)} |\n" for case, of in of_kind.items()]
    lines = [f"{_STREAMS[case.stream]}, {case.state}: {of.line}\n" for case, of in of_kind.items() if of.line]
    said = f"\n```text\n{''.join(lines)}```\n" if lines else ""
    head = f"## {kind.name[0].upper()}{kind.name[1:]}\n\nBad is: {kind.what}.\n\n"
    return f"{head}| to | {' | '.join(_DAYS)} |\n|---|---|---|---|\n{''.join(rows)}{said}"


def main(arguments: Sequence[str]) -> None:
    """Write the page; with words, only of the kinds and streams that contain one of them, to standard output."""
    chosen = [
        (kind, stream)
        for kind, stream in CASES
        if not arguments or any(word in f"{kind.name} in {stream}" for word in arguments)
    ]
    cases = [Case(kind.name, stream, state) for kind, stream in chosen for state in (NEW, KNOWN)]
    worlds = in_worlds(cases)
    found: dict[Case, Outcome] = {}
    with ProcessPoolExecutor(max_workers=2) as executor:
        for number, of_world in enumerate(executor.map(outcomes, worlds), 1):
            found |= of_world
            print(f"{number} of {len(worlds)} worlds", file=sys.stderr)
    found = {case: found[case] for case in cases}
    if arguments:
        print(page(found))
    else:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
