"""The four answers at a glance: what did the price do, can I trust it, is it fresh, what was odd?

Pure functions from facts to words; a level says whether an answer is good news. Knows no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

from btc_pipeline import chart_text
from btc_pipeline.report.facts import Facts
from btc_pipeline.report.series import Row, Series

Level = Literal["good", "notice", "warning"]


@dataclass(frozen=True)
class Answer:
    """An answer in a few words, and the lines that it rests on."""

    question: str
    words: str
    lines: tuple[str, ...]
    level: Level = "good"


@dataclass(frozen=True)
class Verdict:
    """The four answers; `newest_at` is the instant of the newest price, as ISO 8601."""

    price: Answer
    trust: Answer
    freshness: Answer
    oddities: Answer
    newest_at: str

    @property
    def answers(self) -> tuple[Answer, ...]:
        """In the order in which a person asks."""
        return self.price, self.trust, self.freshness, self.oddities

    def as_json(self) -> dict[str, Any]:
        """The answers by their names."""
        return asdict(self)


def of(facts: Facts, series: Sequence[Series]) -> Verdict:
    """Judge what is published; `series` holds at least one pair."""
    first_day = facts.run_date - timedelta(days=int(facts.setting("pipeline", "days") or 7))
    newest_at = max(each.candles[-1]["last_point_at"] for each in series)
    return Verdict(
        price=_price(series, first_day),
        trust=_trust(facts, series, first_day),
        freshness=_freshness(facts, series, newest_at),
        oddities=_oddities(facts, first_day),
        newest_at=f"{newest_at.isoformat()}Z",
    )


def change(candles: Sequence[Row], first_day: date) -> float:
    """The relative change from the first open on or after a day to the last close."""
    first = next((row for row in candles if row["date"] >= first_day), candles[-1])
    return float(candles[-1]["close"] / first["open"] - 1)


def _price(series: Sequence[Series], first_day: date) -> Answer:
    question = "What did the price do?"
    since = f"since {chart_text.day_text(first_day)}"
    if len(series) == 1:
        (only,) = series
        last = only.candles[-1]
        lines = [f"{chart_text.change_text(change(only.candles, first_day))} {since}"]
        if len(only.candles) > 1:
            previous = only.candles[-2]
            lines.insert(0, f"{chart_text.change_text(last['close'] / previous['close'] - 1)} since the last close")
        return Answer(question, f"{only.price(last['close'])} {only.vs_currency.upper()}", tuple(lines))
    changes = sorted((change(each.candles, first_day), each.name) for each in series)
    up, down = sum(moved > 0 for moved, _ in changes), sum(moved < 0 for moved, _ in changes)
    ends = [f"{chart_text.change_text(moved)} {name}" for moved, name in (changes[-1], changes[0])]
    return Answer(question, f"{up} up, {down} down", (f"{len(series)} series, {since}", *ends))


def _trust(facts: Facts, series: Sequence[Series], first_day: date) -> Answer:
    outcomes = Counter(row["outcome"] for row in facts.tables["run_checks"].records())
    statuses = Counter(row["status"] for each in series for row in each.candles if row["date"] >= first_day)
    opinions = Counter(row["verdict"] for row in facts.tables["second_opinions"].records() if row["date"] >= first_day)
    ran, passed = sum(outcomes.values()), outcomes["pass"]
    lines = [
        f"{passed:,} of {ran:,} checks passed" + (f", {ran - passed} warned" if ran > passed else ""),
        ", ".join(f"{statuses[status]:,} {status}" for status in ("final", "provisional", "open") if statuses[status])
        + f" since {chart_text.day_text(first_day)}",
    ]
    if asked := opinions["agrees"] + opinions["differs"]:
        lines.append(f"second opinion agrees on {opinions['agrees']:,} of {asked:,} days")
    if not ran:
        return Answer("Can I trust it?", "Not checked", tuple(lines), "warning")
    if opinions["differs"]:
        return Answer("Can I trust it?", "Not without a look", tuple(lines), "warning")
    if statuses["provisional"]:
        return Answer("Can I trust it?", "Mostly", tuple(lines), "notice")
    return Answer("Can I trust it?", "Yes", tuple(lines))


def _freshness(facts: Facts, series: Sequence[Series], newest_at: datetime) -> Answer:
    as_of = datetime.fromisoformat(facts.publication["as_of"].removesuffix("Z"))
    limit = timedelta(hours=float(facts.setting("pipeline", "max_age_hours") or 6))
    late = [each.name for each in series if as_of - each.candles[-1]["last_point_at"] > limit]
    lines = [
        f"newest price {chart_text.instant_text(newest_at.replace(tzinfo=timezone.utc))}",
        f"asked {chart_text.instant_text(as_of.replace(tzinfo=timezone.utc))}",
    ]
    if late:
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        lines.append(f"older than {limit / timedelta(hours=1):g} h: {', '.join(late[:3])}{more}")
    words = f"{span_text(as_of - newest_at)} old when asked"
    return Answer("Is it fresh?", words, tuple(lines), "warning" if late else "good")


def _oddities(facts: Facts, first_day: date) -> Answer:
    begin = datetime(first_day.year, first_day.month, first_day.day)  # noqa: DTZ001 - as DuckDB's timestamps are
    counts = {
        "anomaly": sum(row["date"] >= first_day for row in facts.tables["price_anomalies"].records()),
        "revision": sum(row["revised_at"] >= begin for row in facts.tables["candle_revisions"].records()),
        "gap": sum(row["state"] == "open" and row["gap_to"] > begin for row in facts.tables["price_gaps"].records()),
    }
    plurals = {"anomaly": "anomalies", "revision": "revisions", "gap": "open gaps"}
    singles = {"anomaly": "anomaly", "revision": "revision", "gap": "open gap"}
    lines = [f"{count:,} {singles[name] if count == 1 else plurals[name]}" for name, count in counts.items() if count]
    checks = [row["check_name"] for row in facts.tables["run_checks"].records() if row["outcome"] != "pass"]
    lines += [f"warned: {check_words(check)}" for check in checks[:3]]
    if not lines:
        return Answer("What was odd?", "Nothing", (f"since {chart_text.day_text(first_day)}",))
    return Answer(
        "What was odd?", lines[0].capitalize(), tuple(lines[1:]), "notice" if not counts["anomaly"] else "warning"
    )


def span_text(span: timedelta) -> str:
    """`12 min`, `3 h`, `2 days`: a length of time to its leading unit, rounded down."""
    minutes = max(int(span.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def check_words(name: str) -> str:
    """`singular:assert_no_gap_is_open` -> `no gap is open`; `generic:daily_candlestick.open.not_null` as it is."""
    kind, _, rest = name.partition(":")
    return rest.removeprefix("assert_").replace("_", " ") if kind in {"singular", "unit"} else rest
