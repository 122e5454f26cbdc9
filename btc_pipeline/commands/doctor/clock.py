"""The doctor's check of the clock: against the API's, or without an answer against what cannot be in the future."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, timezone

from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.errors import PipelineError
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import database_errors, published

_MOST_SECONDS = 60
_SET_IT = "set it, e.g. by NTP"

WRITTEN = date(2026, 11, 1)
"""A day before this code was written: no clock that is right shows an earlier one."""


def clock(of_api: datetime | None, workspace: Workspace, now: datetime) -> Check:
    """Whether the clock is right, as far as it can be known.

    Args:
        of_api: the time that the API has stated (UTC); None: it has stated none.
        workspace: what is published there counts if its source is live.
        now: what the clock says (UTC).
    """
    if now.date() < WRITTEN:
        return Check("clock", "failed", f"it says {now.date()}, and this version is from after {WRITTEN}", _SET_IT)
    is_sample = workspace.source == "sample"  # whose candles may be of any day
    newest = None if is_sample else _newest_day(workspace)
    if newest and newest > now.date():
        return Check("clock", "failed", f"it says {now.date()}, and a candle of {newest} is published", _SET_IT)
    if of_api is None:
        facts = f"it says {now.date()}; not compared with the API's: "
        if is_sample:
            return Check("clock", "ok", f"{facts}sample data")
        return Check("clock", "warning", f"{facts}no answer had a date")
    off = (now - of_api).total_seconds()
    if abs(off) > _MOST_SECONDS:
        return Check("clock", "failed", f"{abs(off):.0f} s {'ahead' if off > 0 else 'behind'}", _SET_IT)
    return Check("clock", "ok", f"within {_MOST_SECONDS} s of the API's")


def by_clock(of_api: datetime | None, workspace: Workspace) -> Check:
    """The same, by the clock of this machine."""
    return clock(of_api, workspace, datetime.now(timezone.utc))


def _newest_day(workspace: Workspace) -> date | None:
    """The day of the newest published candle; None if there is none, or if it cannot be read."""
    with contextlib.suppress(PipelineError, database_errors.DatabaseError, OSError):
        ((row,),) = published.read(workspace.published, "select max(date) as newest from daily_candlestick")
        newest: date | None = row["newest"]
        return newest
    return None
