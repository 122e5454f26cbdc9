"""The journal of a day's run: when each step last worked, how long, and the result.

Reads and writes one JSON file for each day, below `journal/`. For people: no step depends on it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from btc_pipeline.market import instants
from btc_pipeline.settings import parsers
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import records


@dataclass(frozen=True)
class JournalEntry:
    """A step's last work for a day. `outcome` is `done` or `failed`; `facts` are those of the step's line."""

    step: str
    started_at: str
    """UTC, as ISO 8601 with a Z, by the clock and whatever `[pipeline] now` says."""
    seconds: float
    outcome: str
    facts: str


def note(workspace: Workspace, day: date, entry: JournalEntry) -> None:
    """Write down the result of a step. If that fails, the step does not fail."""
    entries = {each.step: each for each in of_day(workspace, day)} | {entry.step: entry}
    with contextlib.suppress(OSError):
        records.write(workspace.journal(day), {"steps": [asdict(each) for each in entries.values()]})


def of_day(workspace: Workspace, day: date, steps: Collection[str] = ()) -> list[JournalEntry]:
    """What the steps of a day did, or those of them that are named, in the order in which they last worked.

    What cannot be read is skipped.
    """
    written = records.read(workspace.journal(day), {"steps"}).get("steps")
    entries = [_entry(each) for each in written] if isinstance(written, list) else []
    wanted = [each for each in entries if each and (not steps or each.step in steps)]
    return sorted(wanted, key=lambda entry: entry.started_at)


def shown(facts: Mapping[str, Any]) -> str:
    """Facts as a step's line has them: `key=value key=value`."""
    return " ".join(f"{key}={value}" for key, value in facts.items())


def _entry(written: Any) -> JournalEntry | None:
    try:
        started_at = instants.text(parsers.instant(written["started_at"]))
        texts = (written[key] for key in ("step", "outcome", "facts"))
        step, outcome, facts = (text if isinstance(text, str) else "" for text in texts)
        seconds = float(written["seconds"])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
    return JournalEntry(step, started_at, seconds, outcome, facts) if step and math.isfinite(seconds) else None
