"""How often the checks speak although nothing is wrong: on a year of the synthetic market, and on true crashes.

`make alarms` writes docs/false-alarms.md. All answers are good, and true of the market: what speaks is a false alarm.
The answers of a year are put into the archive as daily runs would, and the last run builds them all. Around a crash
each run is one of its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market import days
from btc_pipeline.system import files
from btc_pipeline.verify import gate, stored
from tests.e2e import truth
from tests.e2e.command_line import ROOT
from tests.e2e.published import Row, rows
from tests.support import dbt_at_hand
from tests.sweeps.nights import Night, World, as_body, requests_of, true_answer

PAGE = ROOT / "docs/false-alarms.md"
COINS = ("bitcoin", "ethereum", "solana", "ripple", "dogecoin", "cardano", "binancecoin", "monero", "pepe")
STABLE = ("tether", "usd-coin", "dai")
BETWEEN = timedelta(hours=23, minutes=40)
"""From a run to the next: so the 5-minute answers leave nothing out."""
LAST = datetime(2026, 3, 10, 14, 40, tzinfo=timezone.utc)
YEAR, BEFORE = 365, 30
"""How many days of noise; how many days lie before a crash, which the anomalies need."""
RULES = stored.Rules(timedelta(hours=6), 12.0, gate.IMPOSSIBLE_FACTOR)
"""All that the gate asks of a new answer, those that are requested once more included."""


class Crash(NamedTuple):
    """What a market does from an hour of the day `LAST` on: the factor of its prices so many hours later."""

    what: str
    begins: float
    factor: Callable[[float], float]

    def at(self, stamp: int) -> float:
        """The factor at a stamp in milliseconds."""
        midnight = LAST.replace(hour=0, minute=0).timestamp()
        return self.factor((stamp / 1000 - midnight) / 3600 - self.begins)


def to_half(hours: float) -> float:
    """Half the price within an hour; it stays there."""
    return float(0.5 ** min(1.0, max(0.0, hours)))


def times_five(hours: float) -> float:
    """Five times the price within a day; it stays there."""
    return float(5 ** (min(24.0, max(0.0, hours)) / 24))


def depeg(hours: float) -> float:
    """Down to 0.88 within two hours, and back to 0.99 within the day after."""
    if hours < 2:
        return 1 - 0.06 * max(0.0, hours)
    return min(0.99, 0.88 + 0.11 * (hours - 2) / 24)


_HALF, _FIVE, _DEPEG = "−50 % in an hour", "× 5 in a day", "a depeg to 0.88"
CRASHES = {
    **{coin: Crash(_HALF, at, to_half) for coin, at in (("bitcoin", 3), ("solana", 14), ("pepe", 23.5))},
    **{coin: Crash(_FIVE, at, times_five) for coin, at in (("dogecoin", 0), ("ripple", 12), ("monero", 20))},
    **{coin: Crash(_DEPEG, at, depeg) for coin, at in (("tether", 3), ("usd-coin", 14), ("dai", 23.5))},
}
"""By coin; the other coins of the world are well."""


@contextmanager
def market_with(crashes: dict[str, Crash]) -> Iterator[None]:
    """While it lasts, the synthetic market crashes, in all of its streams alike."""
    usual = synthetic._usd

    def usd(coin_id: str, stamps: Sequence[int]) -> list[float]:
        prices = usual(coin_id, stamps)
        if coin_id not in crashes:
            return prices
        return [price * crashes[coin_id].at(stamp) for stamp, price in zip(stamps, prices, strict=True)]

    synthetic._chunk.cache_clear()
    try:
        with patch.object(synthetic, "_usd", usd):
            yield
    finally:
        synthetic._chunk.cache_clear()


def fill(world: World, number: int, last: datetime) -> tuple[int, list[str]]:
    """Archive what daily runs before `last` would; returns how many answers, and why the gate refuses some."""
    refused, count = [], 0
    nothing = exceptions.ExceptionLedger(world.workspace.raw)
    for ago in range(number, 0, -1):
        for request in requests_of(world, last - ago * BETWEEN):
            body = as_body(true_answer(request, request.coin_id))
            with patch.object(files, "_fsync", lambda _: None):  # thousands of files, and no power cut
                entry = raw_archive.keep(world.workspace.raw, request, body)
            count += 1
            try:
                stored.check_granularity(stored.judge(world.workspace.raw, entry, nothing, RULES))
            except gate.BadAnswerError as error:
                refused.append(f"{entry.file}: {error}")
    return count, refused


@dataclass(frozen=True)
class Year:
    """What the checks say of a year: of answers, of settled candles by doubt, of anomalies by measure."""

    answers: int
    refused: list[str]
    quarantined: int
    settled: int
    provisional: int
    doubts: Counter[str]
    anomalies: Counter[str]
    exit_code: int
    error: str

    @property
    def coin_years(self) -> float:
        """How many years of a coin the settled candles are."""
        return self.settled / 365


def a_year() -> Year:
    """A year of 12 coins on which nothing happens but noise."""
    with tempfile.TemporaryDirectory(prefix="btc_pipeline-alarms-") as folder, dbt_at_hand.many():
        world = World(Path(folder) / "data", (*COINS, *STABLE))
        answers, refused = fill(world, number := timedelta(YEAR) // BETWEEN, LAST)
        print(f"{answers} answers of {number} runs", file=sys.stderr)
        night = world.night(LAST)
        return _year(world, night, answers + len(night.bodies), refused)


def _year(world: World, night: Night, answers: int, refused: list[str]) -> Year:
    due = days.last_settled(night.now)
    settled = [row for row in night.candles if due - timedelta(YEAR) < row["date"] <= due]
    doubts = Counter(_doubt(row, doubt) for row in settled for doubt in row["doubts"])
    spoken = rows(world.workspace.published, "from price_anomalies") if night.candles else []
    return Year(
        answers,
        [*refused, *(f"{coin}: {code}" for coin, code in night.held_back.items())],
        len(exceptions.read(world.workspace.raw).quarantined),
        len(settled),
        sum(row["status"] != "final" and not row["doubts"] for row in settled),
        doubts,
        Counter(
            f"{each['measure']}, {each['severity']}" for each in spoken if each["date"] in {r["date"] for r in settled}
        ),
        night.exit_code,
        night.error,
    )


def _doubt(row: Row, doubt: str) -> str:
    is_so = doubt == "edge" and not truth.has_edges(row["coin_id"], "usd", row["date"], row["granularity"])
    return f"{doubt}, and the market has none" if is_so else doubt


@dataclass(frozen=True)
class Told:
    """The runs around the crashes, and what became of each: its cells, its anomalies."""

    answers: int
    refused: list[str]
    quarantined: list[str]
    errors: list[str]
    cells: dict[str, list[str]]
    anomalies: dict[str, str]


def around_crashes() -> Told:
    """Runs on the day of the crashes, and on the three days after."""
    with (
        tempfile.TemporaryDirectory(prefix="btc_pipeline-alarms-") as folder,
        dbt_at_hand.many(),
        market_with(CRASHES),
    ):
        world = World(Path(folder) / "data", (*COINS, *STABLE))
        answers, refused = fill(world, BEFORE, LAST)
        nights = [world.night(LAST + number * timedelta(days=1)) for number in range(4)]
        spoken = rows(world.workspace.published, "from price_anomalies order by date, measure")
        ledger = exceptions.read(world.workspace.raw)
    held_back = [f"{night.now:%d %B}, {coin}: {code}" for night in nights for coin, code in night.held_back.items()]
    return Told(
        answers + sum(len(night.bodies) for night in nights),
        [*refused, *held_back],
        [f"{each.archive_file}: {each.reason}" for each in ledger.decisions],
        [f"{night.now:%d %B}: {night.exit_code} {night.error}" for night in nights if night.exit_code],
        {coin: [_cell(night, coin) for night in nights] for coin in CRASHES},
        {coin: _anomalies([each for each in spoken if each["coin_id"] == coin]) for coin in CRASHES},
    )


def _anomalies(spoken: Sequence[Row]) -> str:
    """The measures that are out of the ordinary from the day of the crash on, each with its days, that day being 1."""
    of_measure: dict[str, list[str]] = {}
    for each in spoken:
        if each["date"] >= LAST.date():
            of_measure.setdefault(each["measure"], []).append(str((each["date"] - LAST.date()).days + 1))
    return ", ".join(f"{measure} {'+'.join(of)}" for measure, of in of_measure.items()) or "none"


def _cell(night: Night, coin: str) -> str:
    """The candles of the day of the crash and of the next one, as that night has published them."""
    found = {row["date"]: row for row in night.candles if row["coin_id"] == coin}
    return ", ".join(_status(found[day]) for day in _both() if day in found) or "none"


def _both() -> list[date]:
    return [LAST.date(), LAST.date() + timedelta(days=1)]


def _status(row: Row) -> str:
    return f"{row['status']} ({', '.join(row['doubts'])})" if row["doubts"] else str(row["status"])


# --- The page

_HEAD = """# False alarms: how often a check speaks although nothing is wrong

Written by `make alarms` from `tests/sweeps/false_alarms.py`. All answers are good ones of the synthetic market, so each
alarm is a false one. The runs are those of the pipeline's steps, with all three streams.

What it cannot show: a doubt that a run raises in the year and a later one lifts is not counted, as the last run builds
the whole year. The synthetic market is calmer than a real one, so anomalies are rarer here.

"""


def page(year: Year, told: Told) -> str:
    """Both measurements as Markdown."""
    return _HEAD + _of_year(year) + _of_crashes(told)


def _of_year(year: Year) -> str:
    counts = {
        "answers refused by the gate": len(year.refused),
        "answers quarantined": year.quarantined,
        **{f"candles with the doubt `{name}`": count for name, count in sorted(year.doubts.items())},
        "settled candles that are `provisional` without a doubt": year.provisional,
        **{f"anomalies: {name}": count for name, count in sorted(year.anomalies.items())},
    }
    lines = [f"| {name} | {count} | {count / year.coin_years:.2f} |\n" for name, count in counts.items()]
    named = "".join(f"- {each}\n" for each in [*year.refused, *filter(None, [year.error])])
    return (
        f"## A year of noise\n\n{len(COINS) + len(STABLE)} coins, daily runs over {YEAR} days: {year.answers} answers,"
        f" {year.settled} settled candles.\nThe last run builds all of them; its exit code is {year.exit_code}.\n\n"
        f"| what | in all | in a year of a coin |\n|---|---|---|\n{''.join(lines)}\n{named}"
    )


def _of_crashes(told: Told) -> str:
    table = "".join(
        f"| {crash.what} | {_time(crash)} | {coin} | {' | '.join(told.cells[coin])} | {told.anomalies[coin]} |\n"
        for coin, crash in CRASHES.items()
    )
    named = "".join(f"- {each}\n" for each in [*told.refused, *told.quarantined, *told.errors])
    return (
        "## True crashes\n\nAll streams show the crash. Each cell is the candle of the day of the crash, and that of"
        "\nthe next day, as the run of 14:40 publishes them. The anomalies are true: what speaks, and on which days."
        f"\n\n{told.answers} answers: {len(told.refused)} are refused, {len(told.quarantined)} quarantined or released."
        f" {len(told.errors)} runs end with an exit code.\n\n"
        "| what | from (UTC) | coin | that day | next day | third day | fourth day | anomalies |\n"
        f"|---|---|---|---|---|---|---|---|\n{table}\n{named}"
    ).rstrip() + "\n"


def _time(crash: Crash) -> str:
    return f"{int(crash.begins):02}:{int(crash.begins % 1 * 60):02}"


def main(arguments: Sequence[str]) -> None:
    """Write the page; with `year` or `crashes`, only this part, to standard output."""
    if "crashes" in arguments:
        print(_of_crashes(around_crashes()), end="")
    elif "year" in arguments:
        print(_of_year(a_year()), end="")
    else:
        PAGE.write_text(page(a_year(), around_crashes()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
