"""Verifying a run: each of its answers passes the gate, or is rejected.

Knows where answers lie; `gate` and `stored` say what a good answer is.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from btc_pipeline.errors import StaleDataError, VerificationError
from btc_pipeline.lake import exceptions, failed_runs, raw_archive
from btc_pipeline.market import instants
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import digest
from btc_pipeline.targets.extraction import DayRecord, Skipped
from btc_pipeline.verify import gate, stored

_REACHES_NOW = timedelta(hours=1)  # an extraction of many coins takes its time


def check(settings: Settings, workspace: Workspace, day: date, record: DayRecord) -> dict[str, Any]:
    """Check that each answer of the run is the market chart that was requested. Reject, and log, each that is not.

    Returns:
        Facts: points, those out of order, the newest instant of the pair that is furthest behind.

    Raises:
        StaleDataError, VerificationError: no answer is good. It is the first answer's error, with pair and file. All
            answers are rejected, so a rerun fetches them again.
    """
    verified: dict[str, gate.Verified] = {}
    rejected: dict[str, VerificationError] = {}
    ledger = exceptions.read(workspace.raw)
    for name, file in record.charts().items():
        if Pair.of(name) in record.pairs:
            try:
                verified[name] = _checked(settings, workspace, file, ledger)
            except VerificationError as error:
                rejected[name] = error
    for name, why in rejected.items():
        record.reject(Pair.of(name), Skipped.by(why, record.run))
    if rejected and not verified:
        raise next(iter(rejected.values()))
    for name, why in rejected.items():
        log.warning("VerifyData goes on without %s: %s", name, why.what)
        failed_runs.keep(workspace.failures, settings, day, "VerifyData", why, [Pair.of(name)])
    for field in sorted({field for each in verified.values() for field in each.new_fields}):
        log.warning("VerifyData CoinGecko's answer has a new field, kept in the raw archive only: %.80r", field)
    return {
        "points": sum(each.points for each in verified.values()),
        "out_of_order": sum(each.out_of_order for each in verified.values()),
        "newest": instants.text(min(each.newest_at for each in verified.values())),
        **({"refused": len(rejected)} if rejected else {}),
    }


def fingerprint_of_good(settings: Settings, record: DayRecord) -> str:
    """The hash of the good answers: if a coin is rejected again and again, nothing changes for the others."""
    charts = record.charts()
    good = [(str(pair), charts[str(pair)]) for pair in settings.pairs if str(pair) in charts]
    return digest.of(record.marker.stamp(), good)


def _checked(settings: Settings, workspace: Workspace, file: str, ledger: exceptions.ExceptionLedger) -> gate.Verified:
    try:
        entry = raw_archive.entry(workspace.raw, file, settings.provenance)
        rules = stored.Rules(timedelta(hours=settings.max_age_hours), settings.repeat_hours)
        found = stored.judge(workspace.raw, entry, ledger, rules).chart
        assert found is not None  # a market chart with points: anything else was rejected
        _check_news(workspace, entry, found, ledger)
    except gate.StaleAnswerError as error:
        raise StaleDataError(
            f"{entry.request.coin_id}: {error}", "look at status.coingecko.com, and run it again later", file=file
        ) from None
    except (gate.BadAnswerError, raw_archive.DamagedAnswerError) as error:
        raise VerificationError(
            f"the answer of {Path(file).parts[1].partition('=')[2]} is rejected: {error}",
            "run it again: it requests a new answer",
            file=workspace.raw / file,
        ) from None
    return found


def _check_news(
    workspace: Workspace, entry: raw_archive.Entry, found: gate.Verified, ledger: exceptions.ExceptionLedger
) -> None:
    """Check an answer up to now: it has a newer point than the last good answer from at least two slots earlier.

    Raises:
        StaleAnswerError: it has none. CoinGecko's series stands still, even if its live point moves.
    """
    request = entry.request
    if request.window_to < request.extracted_at - _REACHES_NOW:
        return  # a past day that is requested again has nothing new
    two_slots = 2 * timedelta(seconds=gate.SLOT_SECONDS[found.granularity])
    for earlier in raw_archive.before(workspace.raw, request, request.extracted_at - two_slots):
        is_history = earlier.request.window_to < earlier.request.extracted_at - _REACHES_NOW
        if is_history or earlier.request.provenance != request.provenance:
            continue
        known = stored.chart_of(workspace.raw, earlier, ledger)
        if known is None:
            continue
        if known.newest_settled_at >= found.newest_settled_at:
            raise gate.StaleAnswerError(
                f"nothing new: the newest point, {instants.text(found.newest_settled_at)}, was known at"
                f" {instants.text(earlier.request.extracted_at)}",
                "the_answer_brings_something_new",
            )
        return
