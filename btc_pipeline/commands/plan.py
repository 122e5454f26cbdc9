"""The plan before the run: what it will request, how long the budget makes it take, and what the plan cannot give.

Reads the archive, which says what is there already, and the call ledger. Sends no request.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

from btc_pipeline.coingecko import call_ledger, limits
from btc_pipeline.coingecko.streams import STREAMS
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.extract import history, requests
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import Span, last_settled
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.terminal import grid
from btc_pipeline.warehouse import database_errors


@dataclass(frozen=True)
class PlanRow:
    """Calls of one kind: what is requested, for which instants (UTC), how fine, and how many calls."""

    what: str
    span: str
    granularity: str
    calls: int


@dataclass(frozen=True)
class Plan:
    """What a run would cost.

    `used_in_month` and `used_in_minute` are the calls that the ledger knows; None: a run is at work and holds it.
    Without `calls_a_minute` there is no budget. `limits` are sentences.
    """

    title: str
    rows: list[PlanRow]
    calls_a_minute: int
    calls_a_month: int
    used_in_month: int | None
    used_in_minute: int | None
    limits: list[str]

    @property
    def calls(self) -> int:
        """All calls, if each succeeds at the first try."""
        return sum(row.calls for row in self.rows)

    @property
    def minutes(self) -> int:
        """Whole minutes that the budget makes them wait, from now to the last call."""
        if not self.calls or not self.calls_a_minute:
            return 0
        return max(0, math.ceil(((self.used_in_minute or 0) + self.calls) / self.calls_a_minute) - 1)


def of_run(settings: Settings, workspace: Workspace, now: datetime) -> Plan:
    """The plan of a first run of today, for all pairs."""
    wanted = requests.of_run(settings, now.date(), now, settings.pairs)
    not_given = [] if settings.five_minute_points else ["[pipeline] five_minute_points is off: hourly points alone"]
    return _plan(settings, workspace, f"a first run of {now.date()}", wanted, not_given)


def of_backfill(settings: Settings, workspace: Workspace, now: datetime, span: Span) -> Plan:
    """The plan of a backfill: the chunks that the archive lacks, of the days that the plan can give.

    Raises:
        ConfigurationError: the span is not settled, or ends before it begins.
    """
    oldest = limits.earliest(settings, now)
    not_given = ["hourly points only: CoinGecko has 5-minute points of the last 24 hours, and none of earlier days"]
    had = span
    if oldest and span.first < oldest:
        not_given.insert(
            0,
            f"{span.first} to {min(span.last, oldest - timedelta(days=1))}: [coingecko] plan = {settings.plan} reaches"
            f" back {limits.REACH_DAYS} days, to {oldest}",
        )
        had = Span(oldest, span.last)
    if had.days:
        limits.checked(settings, had, now)
    wanted = history.missing(settings, workspace, now.date(), had) if had.days else []
    return _plan(settings, workspace, f"backfill of {span}", wanted, not_given)


def as_text(plan: Plan, settings: Settings) -> str:
    """The plan for a person."""
    rows = [("what", "span (UTC)", "granularity", "calls")]
    rows += [(row.what, row.span, row.granularity, f"{row.calls:,}") for row in plan.rows]
    coins, currencies = len(settings.coins), ", ".join(settings.vs_currencies)
    head = f"{plan.title}: {coins} coin{'s' * (coins != 1)} in {currencies}, plan {settings.plan}"
    if not plan.rows:
        return "\n".join([head, "", "nothing to request: the archive has all of it", *_limits(plan)])
    return "\n".join([head, "", *grid.lines(rows, numbers={3}), "", *_costs(plan), *_limits(plan)])


def _costs(plan: Plan) -> list[str]:
    if not plan.calls_a_minute:
        return [f"calls    {plan.calls:,}, to the sample's server, which has no budget"]
    wait = f"about {plan.minutes} minutes" if plan.minutes > 1 else "about a minute" if plan.minutes else "at once"
    used = plan.used_in_month
    month = "a run is at work: the calls of this month are not known" if used is None else f"{used:,} used so far"
    if plan.calls_a_month:
        share = 100 * plan.calls / plan.calls_a_month
        left = plan.calls_a_month - (used or 0)
        month = f"{share:.2g} % of the month's {plan.calls_a_month:,}; {month}"
        month += f"; MORE THAN THE {max(left, 0):,} THAT ARE LEFT" if plan.calls > left else ""
    return [
        f"calls    {plan.calls:,}, more if one has to be tried again",
        f"time     {wait}, at {plan.calls_a_minute} calls a minute",
        f"quota    {month}",
    ]


def _limits(plan: Plan) -> list[str]:
    return ["", "not available:", *(f"  {limit}" for limit in plan.limits)] if plan.limits else []


def _plan(
    settings: Settings, workspace: Workspace, title: str, wanted: Sequence[raw_archive.Request], limits: list[str]
) -> Plan:
    clock = datetime.now(timezone.utc)  # the ledger's, whatever instant the run sees
    host = urlsplit(settings.base_url).hostname or ""

    def used(since: datetime) -> int | None:
        try:
            return 0 if settings.is_sample else call_ledger.count(workspace.calls, settings.plan, host, since)
        except database_errors.LockedDatabaseError:
            return None

    numbers = Counter((request.stream, _span(request)) for request in wanted)
    rows = [PlanRow(stream, span, STREAMS[stream].granularity, number) for (stream, span), number in numbers.items()]
    return Plan(
        title,
        rows,
        0 if settings.is_sample else settings.calls_a_minute,
        0 if settings.is_sample else settings.calls_a_month,
        used(call_ledger.month_of(clock)),
        used(clock - timedelta(minutes=1)),
        limits,
    )


def _span(request: raw_archive.Request) -> str:
    if STREAMS[request.stream].is_range:
        return f"{request.window_from:%Y-%m-%d} to {request.window_to:%Y-%m-%d}"
    days = (request.window_to - request.window_from).days
    return f"the last {days} days" if days > 1 else "the last 24 hours"


def text(configured: Settings, workspace: Workspace, start: date | None, end: date | None) -> str:
    """What today's run, or a backfill, would cost."""
    now = configured.instant()
    if start is None:
        return as_text(of_run(configured, workspace, now), configured)
    span = Span(start, end or last_settled(now))
    if span.last < span.first:
        raise ConfigurationError(f"bad --start {start}: it is after --end {span.last}", "change one of them")
    return as_text(of_backfill(configured, workspace, now, span), configured)
