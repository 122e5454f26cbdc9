"""The lists of the report below its candles: gaps, revisions, anomalies, second opinions, checks, the run.

Pure functions from facts to words; a list that would be too long for a page is cut, and says so. Knows no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from btc_pipeline.visualize.report import gaps
from btc_pipeline.visualize.report.facts import Facts
from btc_pipeline.visualize.report.series import DayRow
from btc_pipeline.visualize.report.verdict import check_words

MOST_ROWS, MOST_UNFOLDED = gaps.MOST_ROWS, 10


@dataclass(frozen=True)
class Part:
    """A list: what it is, in one sentence, and its rows. Without rows there is only the sentence."""

    id: str
    title: str
    lead: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    is_open: bool = True

    @property
    def summary(self) -> str:
        """What stands at the list if it is folded."""
        return f"{len(self.rows):,} rows" if len(self.rows) != 1 else "1 row"


def of(facts: Facts) -> list[Part]:
    """The lists, in the order in which they are shown."""
    return [
        _gaps(facts),
        _revisions(facts),
        _anomalies(facts),
        _opinions(facts),
        _checks(facts),
        _steps(facts),
        _settings(facts),
        _versions(facts),
    ]


def _gaps(facts: Facts) -> Part:
    rows = facts.of_requested("price_gaps")
    requested, states = set(facts.requested_pairs), Counter[str]()
    for (coin_id, vs_currency, state), count in facts.gap_states.items():
        states[state] += count if (coin_id, vs_currency) in requested else 0
    counted = ", ".join(
        f"{states[state]:,} {state}" for state in ("open", "reviewed", "explained", "closed") if states[state]
    )
    shown = sorted(rows, key=lambda row: (row["state"] != "open", not row.get("is_notable")))
    return Part(
        "gaps",
        "Gaps",
        f"Holes in the prices of all days: {counted}." if states.total() else "No hole in the prices is on record.",
        ("Series", "From", "To", "Granularity", "Slots", "Touches", "Cause", "State", "Note"),
        _cut(shown, lambda row:
            (_pair(row), _at(row["gap_from"]), _at(row["gap_to"]), row["granularity"], str(row["slots"]),
             ", ".join(row.get("touches") or ()), row["cause"].replace("_", " "), row["state"], row["note"] or ""),
            total=states.total(),
        ),
        is_open=states.total() <= MOST_UNFOLDED,
    )  # fmt: skip


def _revisions(facts: Facts) -> Part:
    rows = facts.of_requested("candle_revisions")
    return Part(
        "revisions",
        "Revisions",
        f"{len(rows):,} values of settled candles or points have changed; the newest first."
        if rows
        else "No settled candle and no point has ever changed.",
        ("Series", "Day", "What", "Field", "Old", "New", "Reason", "When"),
        _cut(rows, lambda row:
            (_pair(row), row["date"].isoformat(), row["subject"], row["field"], _value(row["old_value"]),
             _value(row["new_value"]), row["reason"].replace("_", " "), _at(row["revised_at"]))
        ),
    )  # fmt: skip


def _anomalies(facts: Facts) -> Part:
    rows = facts.of_requested("price_anomalies")
    return Part(
        "anomalies",
        "Anomalies",
        f"{len(rows):,} measures of days are far from those of the coin's days before."
        if rows
        else "No day is far from the coin's days before.",
        ("Series", "Day", "Measure", "Value", "Score", "Severity", "Reason"),
        _cut(rows, lambda row:
            (_pair(row), row["date"].isoformat(), row["measure"], _number(row["value"]), _number(row["score"]),
             row["severity"], row["reason"])
        ),
    )  # fmt: skip


def _opinions(facts: Facts) -> Part:
    rows = facts.of_requested("second_opinions")
    requested, verdicts = set(facts.requested_pairs), Counter[str]()
    for (coin_id, vs_currency, verdict), count in facts.verdicts.items():
        verdicts[verdict] += count if (coin_id, vs_currency) in requested else 0
    counted = ", ".join(f"{count:,} {name}" for name, count in sorted(verdicts.items()) if count)
    limit = facts.setting("pipeline", "second_opinion_limit_bps") or "1"
    differing = sorted((row for row in rows if row["verdict"] == "differs"), key=lambda row: row["date"], reverse=True)
    return Part(
        "opinions",
        "Second opinion",
        f"Days rebuilt from CoinGecko's own four-hour candles: {counted}. Above {limit} basis points it is listed."
        if any(count for name, count in verdicts.items() if name != "none")
        else "CoinGecko's own candles were not requested.",
        ("Series", "Day", "Open", "High", "Low", "Close", "Largest"),
        _cut(differing, lambda row:
            (_pair(row), row["date"].isoformat(),
             *(f"{_number(row[name])} bp" for name in ("open_bps", "high_bps", "low_bps", "close_bps", "largest_bps")))
        ),
    )  # fmt: skip


def _checks(facts: Facts) -> Part:
    rows = facts.tables["run_checks"].records
    outcomes = Counter(row["outcome"] for row in rows)
    counted = ", ".join(f"{count:,} {name}" for name, count in outcomes.items())
    warned = [f"“{check_words(row['check_name'])}”" for row in rows if row["outcome"] != "pass"]
    counted += f"; of these warned: {', '.join(warned[:5])}" if warned else ""
    return Part(
        "checks",
        "Checks",
        f"Each check that is declared has run on this version: {counted}." if rows else "No check is on record.",
        ("Outcome", "Check", "Kind"),
        [(row["outcome"], check_words(row["check_name"]), row["check_name"].partition(":")[0]) for row in rows],
        is_open=False,
    )


def _steps(facts: Facts) -> Part:
    rows = facts.tables["run_steps"].records
    seconds = sum(row["seconds"] for row in rows)
    done = [
        (row["step"], _at(row["started_at"]), f"{row['seconds']:.2f} s", row["outcome"], row["facts"]) for row in rows
    ]
    published_at = datetime.fromisoformat(facts.publication["published_at"].removesuffix("Z"))
    by = facts.publication.get("made_by", "Publish")
    published = (by, _at(published_at), "", "done", "made this version")
    return Part(
        "run",
        "The run",
        f"The steps before {by} took {seconds:.1f} s in all; charts and this page are made after it.",
        ("Step", "Started", "Took", "Outcome", "Facts"),
        [*done, published],
    )


def _settings(facts: Facts) -> Part:
    rows = facts.tables["run_settings"].rows
    return Part(
        "settings",
        "Settings",
        "The settings of the run, without secrets and paths.",
        ("Section", "Key", "Value"),
        [(f"[{section}]", key, value) for section, key, value in rows],
        is_open=False,
    )


def _versions(facts: Facts) -> Part:
    rows: Sequence[tuple[Any, ...]] = facts.tables["run_versions"].rows
    return Part(
        "versions",
        "Versions",
        "The software that made it.",
        ("Package", "Version"),
        [*((str(name), str(version)) for name, version in rows), ("models", facts.publication["models"])],
        is_open=False,
    )


def _cut(
    rows: Sequence[DayRow], line: Callable[[DayRow], tuple[str, ...]], total: int | None = None
) -> list[tuple[str, ...]]:
    """The lines of the first rows, and one that says how many more there are; `total` counts the unread ones too."""
    lines = [line(row) for row in rows[:MOST_ROWS]]
    rest = (len(rows) if total is None else total) - len(lines)
    return [*lines, (f"and {rest:,} more, in the published database", *[""] * (len(lines[0]) - 1))] if rest else lines


def _pair(row: DayRow) -> str:
    return f"{row['coin_id']} / {row['vs_currency']}"


def _at(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M:%SZ}".replace(":00Z", "Z")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _value(text: str | None) -> str:
    """A value that was written down as text; a long number is shortened."""
    if text is None:
        return "none"
    try:
        return f"{float(text):.10g}"
    except ValueError:
        return text
