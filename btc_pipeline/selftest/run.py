"""The self-test: do the checks catch what they are there for?

Builds a good day of SAMPLE data in a temporary folder, injects one fault at a time, and runs the real gates: the gate
for answers, dbt's tests, the census. A fault is caught if the check that is named for it rejects, fails or warns, and
did not do so before. Touches neither the data folder nor the network.
"""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.errors import CandleTestError
from btc_pipeline.lake import raw_archive
from btc_pipeline.market import instants
from btc_pipeline.publish import swap
from btc_pipeline.selftest.kinds import AnswerFault, CensusFault, DatabaseFault, Fault
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.terminal import grid
from btc_pipeline.transform import dbt_build, dbt_runner, judge
from btc_pipeline.transform.nodes import Node
from btc_pipeline.verify import gate
from btc_pipeline.warehouse import duckdb_files

COINS = ("bitcoin", "solana")
DAYS = tuple(datetime(2026, 5, day, 13, 30, tzinfo=timezone.utc) for day in (15, 16))
"""When the good data were requested. The first run publishes them, the second builds them again."""

MAX_AGE = timedelta(hours=6)
_GOOD = frozenset({"pass", "success"})


@dataclass(frozen=True)
class FaultVerdict:
    """The result of a fault: `rejected`, `fails` or `warns` by its check, or `MISSED`; and which other checks spoke."""

    fault: Fault
    outcome: str
    others: tuple[str, ...] = ()

    @property
    def is_caught(self) -> bool:
        """Whether the check that is named for the fault caught it."""
        return self.outcome != "MISSED"


def run(settings: Settings, sources_hash: str, injected: Sequence[Fault]) -> list[FaultVerdict]:
    """Inject each fault and run the gates.

    Raises:
        CandleTestError: the good day itself does not pass, so that nothing could be said about the checks.
    """
    with tempfile.TemporaryDirectory(prefix="btc-pipeline-selftest-") as folder:
        configured = _settings(settings, Path(folder))
        good = _answers(configured)
        if not all(isinstance(fault, AnswerFault) for fault in injected):
            good = _built(good, sources_hash)
        of_database = [fault for fault in injected if isinstance(fault, DatabaseFault)]
        in_database = dict(zip(of_database, good.judged(of_database), strict=True))
        return [
            in_database[fault]
            if isinstance(fault, DatabaseFault)
            else good.rejected(fault)
            if isinstance(fault, AnswerFault)
            else good.counted(fault)
            for fault in injected
        ]


def matrix(verdicts: Sequence[FaultVerdict]) -> str:
    """The faults and what caught them, as text."""
    rows = [("fault", "outcome", "check that is named for it", "others")]
    rows += [
        (each.fault.name, each.outcome, each.fault.check, f"+{len(each.others)}" if each.others else "")
        for each in verdicts
    ]
    caught = sum(each.is_caught for each in verdicts)
    title = f"self-test on SAMPLE data, {' and '.join(COINS)}, as of {instants.text(DAYS[-1])}"
    return "\n".join([title, "", *grid.lines(rows), "", f"{caught} of {len(verdicts)} faults caught"])


@dataclass(frozen=True)
class GoodDay:
    """A built and tested database, the answers that it is from, and the outcome of each test."""

    settings: Settings
    workspace: Workspace
    tests: tuple[Node, ...]

    def rejected(self, fault: AnswerFault) -> FaultVerdict:
        """What the gate says to the newest answer with the fault."""
        entry = raw_archive.entries(self.workspace.raw, streams.MARKET_CHART)[0][-1]
        try:
            body = fault.body(entry.read(self.workspace.raw))
            repeat_hours = self.settings.repeat_hours
            gate.market_chart(entry.request, body, MAX_AGE, repeat_hours, gate.IMPOSSIBLE_FACTOR)
        except gate.BadAnswerError as error:
            return (
                FaultVerdict(fault, "rejected")
                if error.check == fault.check
                else FaultVerdict(fault, "MISSED", (error.check,))
            )
        return FaultVerdict(fault, "MISSED")

    def judged(self, injected: Sequence[DatabaseFault]) -> list[FaultVerdict]:
        """What dbt's tests say to the database with each fault in turn."""
        copies = []
        for number, fault in enumerate(injected):
            path = self.workspace.temporary / f"fault-{number}.duckdb"
            shutil.copyfile(self.workspace.work, path)
            with duckdb_files.opened(path, read_only=False) as connection:
                connection.execute(fault.sql)
            copies.append({"path": str(path), "command": fault.command})
        outcomes = dbt_runner.judge_copies(self.settings, self.workspace, copies) if copies else []
        return [_verdict(fault, nodes) for fault, nodes in zip(injected, outcomes, strict=True)]

    def counted(self, fault: CensusFault) -> FaultVerdict:
        """What the census says to the tests with the fault."""
        spoilt = fault.spoilt(self.tests)
        with suppress(CandleTestError):
            judge.take_census(spoilt)
            return FaultVerdict(fault, "MISSED")
        return FaultVerdict(fault, "fails" if spoilt != list(self.tests) else "MISSED")


def _verdict(fault: DatabaseFault, nodes: Sequence[Node]) -> FaultVerdict:
    spoke = {
        node["name"]: node["status"]
        for node in nodes
        if node["kind"] == "test" and node["status"] not in {*_GOOD, "skipped"}
    }
    own = spoke.pop(fault.check, None)
    outcome = {None: "MISSED", "warn": "warns"}.get(own, "fails")
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


def _answers(settings: Settings) -> GoodDay:
    """The good answers, in an archive; nothing is built of them."""
    workspace = Workspace(settings.data_dir, settings.source)
    workspace.temporary.mkdir(parents=True)
    for coin, now in itertools.product(COINS, DAYS):
        keep_answers(replace(settings, now=now), workspace, coin, now)
    return GoodDay(settings, workspace, ())


def _built(good: GoodDay, sources_hash: str) -> GoodDay:
    """The database of the first day is published, and then that of the second one built."""
    workspace = good.workspace
    for now in DAYS:
        dated = replace(good.settings, now=now)
        dbt_build.build(dated, workspace, dbt_build.Build("Transform", now.date(), "good", sources_hash, until=now))
        tests = json.loads(workspace.test_results.read_bytes())["tests"]
        loud = [test["name"] for test in tests if test["status"] not in _GOOD]
        if loud:
            raise CandleTestError(f"the good day does not pass: {', '.join(loud)}", "correct that first")
        if now != DAYS[-1]:
            swap.swap_in(dated, workspace, swap.Version(now.date(), now.date(), now.date(), {}))
    return replace(good, tests=tuple(tests))


def keep_answers(settings: Settings, workspace: Workspace, coin: str, now: datetime) -> None:
    """Put the sample's answers of an instant into the archive, as the connector would."""
    start = datetime.combine(now.date() - timedelta(days=settings.days), time(), timezone.utc)
    (currency,) = settings.vs_currencies
    request = raw_archive.Request(
        coin, currency, now.date(), start, now, now, settings.provenance, streams.MARKET_CHART
    )
    chart = synthetic.market_chart(coin, currency, start, now, now)
    raw_archive.keep(workspace.raw, request, json.dumps(chart).encode())
    fine = replace(request, window_from=now - timedelta(days=1), stream=streams.CHART_5M)
    last_day = synthetic.market_chart(coin, currency, fine.window_from, now, now)
    raw_archive.keep(workspace.raw, fine, json.dumps(last_day).encode())
    ohlc = replace(request, window_from=now - timedelta(days=30), stream=streams.OHLC)
    raw_archive.keep(workspace.raw, ohlc, json.dumps(synthetic.ohlc(coin, currency, 30, now)).encode())


def missed(verdicts: Sequence[FaultVerdict]) -> list[FaultVerdict]:
    """The faults that their check did not catch."""
    return list(itertools.filterfalse(lambda each: each.is_caught, verdicts))
