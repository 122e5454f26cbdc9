"""Extracting a day: request the missing answers, and record what came and what failed.

Knows where answers lie. `fetch.py` calls CoinGecko, and `verify/` knows what a good answer is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from btc_pipeline.coingecko import streams
from btc_pipeline.errors import ExtractionError
from btc_pipeline.extract import extras, fetch, requests
from btc_pipeline.lake import exceptions, failed_runs, raw_archive
from btc_pipeline.market import days
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress
from btc_pipeline.targets.extraction import DayRecord, Skipped
from btc_pipeline.verify import stored

STEP = "ExtractAndLoad"


def answers(
    settings: Settings,
    workspace: Workspace,
    day: date,
    record: DayRecord,
    pairs: Sequence[Pair],
    progress: Progress,
) -> dict[str, Any]:
    """Request each pair that has no answer yet, and keep the record of the day.

    Returns:
        Facts: answers of each stream, calls.

    Raises:
        ExtractionError: none of the pairs has a market chart.
    """
    now = settings.instant()
    known = _known(settings, workspace, day, now, record, pairs)
    wanted = [request for request in requests.of_run(settings, day, now, pairs) if known.lacks(workspace, request)]
    made = record.marker.made() if record.marker.exists() else []
    record.begin(known.recorded, known.begun_at or now)
    fetched = fetch.fetch(settings, workspace, wanted, progress=progress) if wanted else None
    again = extras.request_bad_ones_again(settings, workspace, day, fetched, progress) if fetched else None
    charts = known.charts | ({str(each.request.pair): each.file for each in fetched.charts} if fetched else {})
    failed = {str(request.pair): error for request, error in fetched.failed} if fetched else {}
    if failed and not set(charts) & set(map(str, pairs)):
        raise next(iter(failed.values()))
    kept = {name: why for name, why in record.skipped().items() if name not in {*charts, *failed}}
    now_skipped = {name: Skipped.by(error, record.run) for name, error in failed.items()}
    came = [each.file for of_sync in (fetched, again) if of_sync for each in of_sync.answers]
    made += _files(workspace, [*charts.values(), *came])
    record.write(charts, {**kept, **now_skipped}, sorted(set(made)))
    _note_failures(settings, workspace, day, failed)
    if not fetched:
        return {"answers": 0, "calls": 0}
    return {
        "answers": len(fetched.charts),
        "five_minute": len(fetched.of_stream[streams.CHART_5M]),
        "second_opinions": len(fetched.of_stream[streams.OHLC]),
        **({"calls": fetched.calls + (again.calls if again else 0)} if not settings.is_sample else {}),
        **({"refused": len(failed)} if failed else {}),
        **({"waited": f"{fetched.waited_seconds:.0f}s"} if fetched.waited_seconds else {}),
    }


@dataclass(frozen=True)
class _Known:
    """The market charts that are there, by pair: from the record, and from an extraction that was interrupted.

    `begun_at` is when the interrupted extraction began; None if there is no such one.
    """

    recorded: dict[str, str]
    resumed: dict[str, str]
    begun_at: datetime | None
    ledger: exceptions.ExceptionLedger

    @property
    def charts(self) -> dict[str, str]:
        """All of them."""
        return self.recorded | self.resumed

    def lacks(self, workspace: Workspace, request: raw_archive.Request) -> bool:
        """Whether to send this request. The other streams of a pair are requested once, together with its prices."""
        name = str(request.pair)
        if request.stream == streams.MARKET_CHART:
            return name not in self.charts
        came = raw_archive.since(workspace.raw, request, self.begun_at) if self.begun_at else []
        return name not in self.recorded and all(each.file in self.ledger.quarantined for each in came)


def _known(
    settings: Settings, workspace: Workspace, day: date, now: datetime, record: DayRecord, pairs: Sequence[Pair]
) -> _Known:
    recorded, begun_at = record.known()
    wanted = {str(pair) for pair in pairs}
    ledger = exceptions.read(workspace.raw)
    if not recorded:
        for file in record.charts().values():
            _readable(settings, workspace, file, ledger)  # says which of them is damaged
    recorded = {
        name: file
        for name, file in recorded.items()
        if (entry := _readable(settings, workspace, file, ledger))
        and not (name in wanted and _is_old(settings, day, now, entry))
    }
    resumed = _resumed(settings, workspace, day, now, begun_at, pairs, ledger) if begun_at else {}
    if wanted <= {*recorded, *resumed} and not record.table.exists():
        # Killed before the cache was written, or its table is gone: request one pair again, so that the table exists
        one = next((name for name in resumed), min(wanted))
        recorded, resumed = ({name: file for name, file in of.items() if name != one} for of in (recorded, resumed))
    return _Known(recorded, resumed, begun_at, ledger)


def _resumed(
    settings: Settings,
    workspace: Workspace,
    day: date,
    now: datetime,
    begun_at: datetime,
    pairs: Sequence[Pair],
    ledger: exceptions.ExceptionLedger,
) -> dict[str, str]:
    """The good answers that an interrupted extraction has fetched and that fit the requests of this run."""
    ends_at = days.Window.of(day, settings.days, begun_at).end
    found = {}
    for request in requests.of_run(settings, day, now, pairs):
        if request.stream == streams.MARKET_CHART:
            for entry in raw_archive.since(workspace.raw, request, begun_at):
                of = entry.request
                is_alike = of.window_from == request.window_from and of.window_to >= ends_at and of.extracted_at <= now
                if is_alike and not _is_old(settings, day, now, entry) and _is_good(settings, workspace, entry, ledger):
                    found[str(request.pair)] = entry.file
    return found


def _readable(
    settings: Settings, workspace: Workspace, file: str, ledger: exceptions.ExceptionLedger
) -> raw_archive.Entry | None:
    """The entry of an answer of the day; None, with a line that says why, if it cannot be used any more."""
    try:
        stored.check_admitted(file, ledger)
        entry = raw_archive.entry(workspace.raw, file, settings.provenance)
        entry.read(workspace.raw)
    except stored.QuarantinedAnswerError:
        return None  # the ledger says why
    except raw_archive.DamagedAnswerError as error:
        log.warning("%s leaves out an answer of the day: %s", STEP, error)
        return None
    return entry


def _is_good(
    settings: Settings, workspace: Workspace, entry: raw_archive.Entry, ledger: exceptions.ExceptionLedger
) -> bool:
    rules = stored.Rules(timedelta(hours=settings.max_age_hours), settings.repeat_hours)
    return stored.chart_of(workspace.raw, entry, ledger, rules) is not None


def _is_old(settings: Settings, day: date, now: datetime, entry: raw_archive.Entry) -> bool:
    """Whether an answer from an earlier run of today is too old to be published together with new ones."""
    return day == now.date() and now - entry.request.extracted_at > timedelta(hours=settings.max_age_hours / 2)


def _files(workspace: Workspace, answers: Sequence[str]) -> list[Path]:
    return [path for file in answers for path in (workspace.raw / file, raw_archive.manifest_of(workspace.raw, file))]


def _note_failures(settings: Settings, workspace: Workspace, day: date, failed: dict[str, ExtractionError]) -> None:
    for name, error in failed.items():
        log.warning("%s goes on without %s: %s", STEP, name, error.what)
        failed_runs.keep(workspace.failures, settings, day, STEP, error, [Pair.of(name)])
