"""Open gaps, weighed: those that deserve a look, and the single slots that are common. Pure; knows no table.

A gap deserves a look if it touches open, high, low or close of its day, or if it is two slots and more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from btc_pipeline.market import formatting


@dataclass(frozen=True)
class OpenGaps:
    """Open gaps: the rows of those that deserve a look, and how many slots the others have."""

    notable: tuple[Mapping[str, Any], ...]
    single_slots: int

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> OpenGaps:
        """From rows of `price_gaps`. In a version before contract 3.0 no row is weighed: then each is notable."""
        found = [row for row in rows if row["state"] == "open"]
        rest = [row for row in found if row.get("is_notable") is False]
        return cls(tuple(row for row in found if row.get("is_notable") is not False), sum(row["slots"] for row in rest))

    def lines(self, most: int) -> list[str]:
        """The longest of those that deserve a look, one line for each; if there are more, the last line counts them."""
        longest = sorted(self.notable, key=lambda row: row["gap_from"] - row["gap_to"])
        more = [f"and {len(longest) - most} more"] if len(longest) > most else []
        return [*map(_line, longest[:most]), *more]


def rest_text(single_slots: int) -> str:
    """The others in one phrase: `3 single slots missing`; empty if there is none."""
    return f"{single_slots:,} single {'slot' if single_slots == 1 else 'slots'} missing" if single_slots else ""


def _line(row: Mapping[str, Any]) -> str:
    length: timedelta = row["gap_to"] - row["gap_from"]
    where = f"{row['coin_id']}, {formatting.day_text(row['gap_from'].date())}, {row['gap_from']:%H:%M}"
    at = f" at the {' and '.join(row['touches'])}" if row.get("touches") else ""
    return f"gap of {formatting.age_text(length)}{at}: {where}"
