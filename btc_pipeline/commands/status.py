"""`btc-pipeline status`: what is there, how fresh it is, what would run, and who is at work.

Writes nothing, and takes no lock that a run would have to wait for. Beside a run it opens none of the databases
that the run works in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from btc_pipeline.coingecko import call_ledger
from btc_pipeline.commands import step_states
from btc_pipeline.commands.step_states import StepState
from btc_pipeline.errors import SUCCESS, ConfigurationError
from btc_pipeline.lake import proofs, versions
from btc_pipeline.market import formatting, instants
from btc_pipeline.market.gaps import OpenGaps, rest_text
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files, lock
from btc_pipeline.terminal import stdout, summary
from btc_pipeline.warehouse import database_errors, published

if TYPE_CHECKING:
    from btc_pipeline.terminal.stdout import Line, Style

_LABEL = 11
_OF_FAILURE = {"failed_at": str, "step": str, "exit_code": int, "reason": str, "coins": list}


@dataclass(frozen=True)
class Published:
    """The readers' version: which run made it, when, how fresh it is (UTC, hours), and what is odd about it."""

    source: str
    run: str
    """Of the newest day, also if a run of a past day has published since; then `published_last` names that run."""
    run_date: str
    published_last: str
    as_of: str
    newest_price_at: str
    age_hours: float | None
    is_fresh: bool
    candles: dict[str, int]
    open_gaps: int
    single_slots_missing: int
    anomalies: int
    failed_or_warned: list[str]
    history: str


@dataclass(frozen=True)
class Status:
    """All of it. `at_work` says who holds the lock; `calls_this_month` is None if it is not known."""

    date: str
    data_folder: str
    at_work: dict[str, object] | None
    steps: list[StepState]
    published: Published | None
    last_failure: dict[str, Any] | None
    calls_this_month: int | None
    calls_a_month: int


def of(settings: Settings, workspace: Workspace, day: date, steps: Sequence[StepState]) -> Status:
    """The status for a day, whose steps `step_states.of_chain` has looked at.

    Raises:
        DatabaseError: the published database cannot be read.
        PublishingError: it is of another contract.
    """
    at_work = lock.holder(workspace.lock)
    version = _published(settings, workspace) if workspace.published.exists() else None
    failure = _last_failure(workspace, version)
    used = None if at_work else _calls(settings, workspace)
    return Status(
        day.isoformat(), str(workspace.root), at_work, list(steps), version, failure, used, settings.calls_a_month
    )


def as_json(status: Status) -> dict[str, Any]:
    """As one JSON object."""
    return asdict(status)


def lines(status: Status) -> list[Line]:
    """For a person: a few lines, each with its subject in front."""
    shown = [_line("data", summary.near(Path(status.data_folder)))]
    if status.at_work:
        who = " ".join(f"{name}={value}" for name, value in status.at_work.items())
        shown.append(_line("at work", f"a run is at work: {who}", "strong"))
    if status.published is None:
        fix = published.what_to_type(Path(status.data_folder, Workspace(Path(), "").published.name))
        nothing = "nothing yet" if status.at_work else f"nothing yet. Next: {fix}"
        return [*shown, _line("published", nothing, "bad"), *_of_failure(status), *_of_steps(status)]
    return [*shown, *_of_published(status.published), *_of_failure(status), *_of_calls(status), *_of_steps(status)]


def _published(settings: Settings, workspace: Workspace) -> Published:
    """The days on which something may be odd are those of the published run's window, as in its summary."""
    about = published.checked_facts(published.publication(workspace.published), workspace.published)
    written_by, about = about, versions.newer_run(workspace, about) or about
    last = date.fromisoformat(about.get("last_day", about["run_date"]))
    first = date.fromisoformat(about.get("first_day", (last - timedelta(days=settings.days)).isoformat()))
    shown, gaps, odd = published.read(
        workspace.published,
        f"select status, last_point_at from daily_candlestick where {published.of_pairs(settings.pairs)}",
        f"select * from price_gaps where {published.open_gaps(settings.pairs, first, last)}",
        f"select 1 from price_anomalies where {published.of_days(settings.pairs, first, last)}",
    )
    weighed = OpenGaps.of(gaps)
    checks = (versions.of_build(workspace, about["run_date"], about["build"]) or {}).get("checks", {})
    newest = max((row["last_point_at"] for row in shown), default=None)
    age = round((settings.instant() - newest).total_seconds() / 3600, 4) if newest else None
    return Published(
        about["source"],
        published.run_of(about),
        about["run_date"],
        "" if written_by is about else published.run_of(written_by),
        about["as_of"],
        instants.text(newest) if newest else "",
        age,
        age is not None and age <= settings.max_age_hours,
        dict(Counter(row["status"] for row in shown)),
        len(weighed.notable),
        weighed.single_slots,
        len(odd),
        sorted(name for name, outcome in checks.items() if outcome != "pass"),
        proofs.text(proofs.newest(workspace.proofs, settings.provenance)[1]),
    )


def _last_failure(workspace: Workspace, version: Published | None) -> dict[str, Any] | None:
    """The newest failed run's record, if it is newer than what is published; a damaged one is skipped."""
    kept = map(files.read_json, sorted(workspace.failures.glob("*.ndjson"), reverse=True))
    failure = next(filter(_is_whole, kept), None)
    if failure is None or (version and failure["failed_at"] <= version.as_of.rstrip("Z")):
        return None
    return {name: failure[name] for name in _OF_FAILURE}


def _is_whole(failure: dict[str, Any]) -> bool:
    return all(isinstance(failure.get(name), kind) for name, kind in _OF_FAILURE.items())


def _calls(settings: Settings, workspace: Workspace) -> int | None:
    if settings.is_sample:
        return None
    month = call_ledger.month_of(datetime.now(timezone.utc))
    try:
        return call_ledger.count(workspace.calls, settings.plan, urlsplit(settings.base_url).hostname or "", month)
    except (database_errors.DatabaseError, OSError):
        return None


def _of_published(version: Published) -> list[Line]:
    as_of = "no instant, because there is no candle"
    if version.as_of:
        as_of = formatting.instant_text(instants.parse(version.as_of))
    counts = ", ".join(f"{number} {status}" for status, number in sorted(version.candles.items())) or "none"
    is_fresh = version.is_fresh
    age = version.age_hours
    known = (
        f"the newest price is {formatting.age_text(timedelta(hours=age))} old"
        if age is not None
        else "there is no price of these coins"
    )
    freshness = f"{'fresh' if is_fresh else 'STALE'}: {known}"
    shown = [
        _line("published", f"{version.run}, as of {as_of}, from {version.source}"),
        *([_line("", f"the {version.published_last} has published since")] if version.published_last else []),
        _line("prices", freshness, "" if is_fresh else "bad"),
        _line("candles", counts),
        _line("history", version.history, "bad" if proofs.is_bad(version.history) else ""),
    ]
    odd = [f"{number} {what}" for number, what in _odd(version) if number]
    if odd:
        shown.append(_line("odd", ", ".join(odd), "bad"))
    if version.single_slots_missing:
        shown.append(_line("common", rest_text(version.single_slots_missing)))
    return [*shown, *(_line("", f"test {name}", "bad") for name in version.failed_or_warned)]


def _odd(version: Published) -> list[tuple[int, str]]:
    tests = len(version.failed_or_warned)
    return [
        (version.open_gaps, f"open gap{'s' * (version.open_gaps != 1)}"),
        (version.anomalies, "anomaly" if version.anomalies == 1 else "anomalies"),
        (tests, f"test{'s' * (tests != 1)} with a warning"),
    ]


def _of_failure(status: Status) -> list[Line]:
    failure = status.last_failure
    if failure is None:
        return []
    return [_line("failed", f"{failure['step']} at {failure['failed_at']}Z: {failure['reason']}", "bad")]


def _of_calls(status: Status) -> list[Line]:
    if status.calls_this_month is None:
        return []
    most = f" of {status.calls_a_month:,}" if status.calls_a_month else ""
    return [_line("calls", f"{status.calls_this_month:,}{most} in this month")]


def _of_steps(status: Status) -> list[Line]:
    shown: list[Line] = [[], [(f"steps of the run of {status.date}", "strong")]]
    for each in status.steps:
        style: Style = "" if each.state == "done" else "strong"
        reason = f"  {each.reason}" if each.reason else ""
        shown.append([(f"  {each.step.ljust(16)}", ""), (each.state, style), (reason, "muted")])
    return shown


def _line(label: str, text: str, style: Style = "") -> Line:
    return [(label.ljust(_LABEL), "muted"), (text, style)]


def checked_day(settings: Settings, day: date | None) -> date:
    """The day to show; default: today.

    Raises:
        ConfigurationError: it is in the future.
    """
    today = settings.today()
    if day and day > today:
        raise ConfigurationError(f"bad --date {day}: this day is in the future", f"choose {today} or earlier")
    return day or today


def show(configured: Settings, workspace: Workspace, day: date | None, *, is_json: bool) -> int:
    """What is there and what would run."""
    shown = checked_day(configured, day)
    found = of(configured, workspace, shown, step_states.of_chain(shown))
    if is_json:
        stdout.write_text(json.dumps(as_json(found)))
    else:
        stdout.write(lines(found))
    return SUCCESS
