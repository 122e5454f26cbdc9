"""The self-test: do the checks catch what they are there for?

Builds a good day of SAMPLE data in a temporary folder, injects one fault at a time, and runs the real gates: the gate
for answers, dbt's tests, the census. A fault is caught if the check that is named for it rejects, fails or warns, and
did not do so before; if it warns, no candle that the fault changed may be published as final. Of some faults the days
after are looked at too. Touches neither the data folder nor the network.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from btc_pipeline.coingecko import streams
from btc_pipeline.errors import CandleTestError
from btc_pipeline.lake import raw_archive
from btc_pipeline.market import instants
from btc_pipeline.selftest import days_after, good_day
from btc_pipeline.selftest.good_day import COINS, DAYS, GoodDay
from btc_pipeline.selftest.kinds import (
    COMES_BACK,
    GOOD,
    WARNS_BUT_FINAL,
    AnswerFault,
    CensusFault,
    DatabaseFault,
    Fault,
    FaultVerdict,
)
from btc_pipeline.settings.values import Settings
from btc_pipeline.terminal import grid
from btc_pipeline.transform import dbt_runner, judge
from btc_pipeline.transform.nodes import Node
from btc_pipeline.verify import gate
from btc_pipeline.warehouse import duckdb_files

MAX_AGE = timedelta(hours=6)
_AT_ONCE = 2
"""How many dbt processes work at a time: each keeps one core busy."""


@dataclass(frozen=True)
class Draw:
    """How many faults behind the gate have their days after, None for all; which ones is for the seed to say."""

    count: int | None
    seed: int


def run(settings: Settings, sources_hash: str, injected: Sequence[Fault], draw: Draw) -> list[FaultVerdict]:
    """Inject each fault and run the gates; then the days after the faults that are drawn.

    Raises:
        CandleTestError: the good day itself does not pass, so that nothing could be said about the checks.
    """
    with tempfile.TemporaryDirectory(prefix="btc-pipeline-selftest-") as folder:
        good = good_day.with_answers(_settings(settings, Path(folder) / "good"), sources_hash)
        if not all(isinstance(fault, AnswerFault) for fault in injected):
            good = good_day.built(good)
        of_database = [fault for fault in injected if isinstance(fault, DatabaseFault)]
        with_days = days_after.drawn(of_database, draw.count, draw.seed)
        verdicts = dict[Fault, FaultVerdict]()
        verdicts |= {fault: rejected(good, fault) for fault in injected if isinstance(fault, AnswerFault)}
        verdicts |= {fault: counted(good, fault) for fault in injected if isinstance(fault, CensusFault)}
        if of_database:
            judged = _judged(good, of_database, Path(folder))
            verdicts |= {fault: each.verdict for fault, each in judged.items()}
        if with_days:
            after = days_after.DaysAfter(good, Path(folder) / "days after")
            at_the_gate = [
                fault
                for fault, each in verdicts.items()
                if isinstance(fault, AnswerFault) and each.outcome == "rejected"
            ]
            with ThreadPoolExecutor(_AT_ONCE) as executor:
                of_rejected = executor.submit(after.never_came_in, at_the_gate)
                healed = executor.map(
                    lambda fault: after.is_healed(fault, judged[fault].database, judged[fault].tests), with_days
                )
            for fault, is_healed in zip(with_days, healed, strict=True):
                verdicts[fault] = followed(verdicts[fault], is_healed=is_healed)
            verdicts |= {fault: followed(verdicts[fault], is_healed=of_rejected.result()) for fault in at_the_gate}
        return [verdicts[fault] for fault in injected]


def matrix(verdicts: Sequence[FaultVerdict], seed: int) -> str:
    """The faults and what caught them, as text."""
    rows = [("fault", "outcome", "days after", "check that is named for it", "others")]
    rows += [
        (
            each.fault.name,
            each.outcome,
            str(each.days_after or ""),
            each.fault.check,
            f"+{len(each.others)}" if each.others else "",
        )
        for each in verdicts
    ]
    caught = sum(each.is_caught for each in verdicts)
    behind = [each for each in verdicts if isinstance(each.fault, DatabaseFault)]
    followed = sum(each.days_after > 0 for each in behind)
    title = f"self-test on SAMPLE data, {' and '.join(COINS)}, as of {instants.text(DAYS[-1])}"
    days = f"days after, with good answers: of {followed} of the {len(behind)} faults behind the gate, seed {seed}"
    return "\n".join(
        [title, *[days] * bool(behind), "", *grid.lines(rows), "", f"{caught} of {len(verdicts)} faults caught"]
    )


def rejected(good: GoodDay, fault: AnswerFault) -> FaultVerdict:
    """What the gate says to the newest answer with the fault."""
    entry = raw_archive.entries(good.workspace.raw, streams.MARKET_CHART)[0][-1]
    try:
        body = fault.body(entry.read(good.workspace.raw))
        gate.market_chart(entry.request, body, MAX_AGE, good.settings.repeat_hours, gate.IMPOSSIBLE_FACTOR)
    except gate.BadAnswerError as error:
        if error.check == fault.check:
            return FaultVerdict(fault, "rejected")
        return FaultVerdict(fault, "MISSED", (error.check,))
    return FaultVerdict(fault, "MISSED")


def counted(good: GoodDay, fault: CensusFault) -> FaultVerdict:
    """What the census says to the tests with the fault."""
    spoilt = fault.spoilt(good.tests)
    with suppress(CandleTestError):
        judge.take_census(spoilt)
        return FaultVerdict(fault, "MISSED")
    return FaultVerdict(fault, "fails" if spoilt != list(good.tests) else "MISSED")


@dataclass(frozen=True)
class _Judged:
    """What dbt's tests say to a fault, and the database that they have seen."""

    verdict: FaultVerdict
    tests: Sequence[Node]
    database: Path


def _judged(good: GoodDay, injected: Sequence[DatabaseFault], folder: Path) -> dict[DatabaseFault, _Judged]:
    """What dbt's tests say to the database with each fault in turn."""
    work, untouched = good.workspace.work, folder / "good.duckdb"
    shutil.copyfile(work, untouched)
    copies = [folder / f"fault-{number}.duckdb" for number in range(len(injected))]
    for fault, path in zip(injected, copies, strict=True):
        shutil.copyfile(work, path)
        with duckdb_files.opened(path, read_only=False) as connection:
            connection.execute(fault.sql)
    jobs = [{"path": str(path), "command": fault.command} for fault, path in zip(injected, copies, strict=True)]
    outcomes = _outcomes(good, jobs, folder)
    shutil.copyfile(untouched, work)
    right = good_day.right_candles(work)  # views know the name of their database
    found = {}
    for fault, path, nodes in zip(injected, copies, outcomes, strict=True):
        tests = [node for node in nodes if node["kind"] == "test"]
        found[fault] = _Judged(verdict(fault, tests, good_day.final_candles(path) - right), tests, path)
    return found


def _outcomes(good: GoodDay, jobs: Sequence[dict[str, str]], folder: Path) -> list[list[Node]]:
    """What dbt says to each of the copies: some dbt processes share them, each in a workspace of its own."""
    worlds = [good, *(good.copied(folder / f"share {number}") for number in range(1, min(_AT_ONCE, len(jobs))))]
    outcomes: list[list[Node]] = [[] for _ in jobs]

    def judge_share(number: int) -> None:
        of_share = slice(number, None, len(worlds))
        world = worlds[number]
        outcomes[of_share] = dbt_runner.judge_copies(world.settings, world.workspace, jobs[of_share])

    with ThreadPoolExecutor(len(worlds)) as executor:
        list(executor.map(judge_share, range(len(worlds))))
    return outcomes


def followed(verdict: FaultVerdict, *, is_healed: bool) -> FaultVerdict:
    """The verdict, with what the days after have shown."""
    outcome = COMES_BACK if verdict.is_caught and not is_healed else verdict.outcome
    return replace(verdict, outcome=outcome, days_after=len(days_after.AFTER))


def verdict(
    fault: DatabaseFault, tests: Sequence[Node], wrong: AbstractSet[good_day.CandleValues] = frozenset()
) -> FaultVerdict:
    """What the tests of the database with the fault say, if these of its final candles are wrong."""
    spoke = {test["name"]: test["status"] for test in tests if test["status"] not in {*GOOD, "skipped"}}
    own = spoke.pop(fault.check, None)
    outcome = {None: "MISSED", "warn": "warns"}.get(own, "fails")
    is_published = all(test["status"] in {*GOOD, "warn"} for test in tests)
    if outcome == "warns" and wrong and is_published:
        outcome = WARNS_BUT_FINAL
    return FaultVerdict(fault, outcome, tuple(sorted(spoke)))


def _settings(settings: Settings, folder: Path) -> Settings:
    """The defaults of a sample run, wherever it is called from; what is configured for the checks stays."""
    return replace(
        settings,
        data_dir=folder,
        source="sample",
        recordings=None,
        coins=COINS,
        vs_currencies=("usd",),
        days=14,
        now=DAYS[-1],
    )


def missed(verdicts: Sequence[FaultVerdict]) -> list[FaultVerdict]:
    """The faults that their check did not catch."""
    return list(itertools.filterfalse(lambda each: each.is_caught, verdicts))
