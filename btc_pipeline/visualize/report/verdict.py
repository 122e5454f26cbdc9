"""The four answers at a glance: what did the price do, can I trust it, is it fresh, what was odd?

Pure functions from facts to words; a level says whether an answer is good news. Knows no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from btc_pipeline.market import formatting
from btc_pipeline.market.gaps import OpenGaps, rest_text
from btc_pipeline.visualize.report.facts import Facts
from btc_pipeline.visualize.report.series import DayRow, Series
from btc_pipeline.warehouse import published

Level = Literal["good", "notice", "warning"]


@dataclass(frozen=True)
class Finding:
    """An answer in a few words, and the lines that it rests on."""

    question: str
    words: str
    lines: tuple[str, ...]
    level: Level = "good"


@dataclass(frozen=True)
class Verdict:
    """The four answers; `newest_at` is the instant of the newest price, as ISO 8601; of past days none goes stale."""

    price: Finding
    trust: Finding
    freshness: Finding
    oddities: Finding
    newest_at: str
    is_past: bool

    @property
    def answers(self) -> tuple[Finding, ...]:
        """In the order in which a person asks the questions."""
        return self.price, self.trust, self.freshness, self.oddities

    def as_json(self) -> dict[str, Any]:
        """The answers by their names."""
        return asdict(self)


def of(facts: Facts, series: Sequence[Series]) -> Verdict:
    """Judge what is published, up to the last day that the run was for; `series` holds at least one pair."""
    newest_at = max(each.last["last_point_at"] for each in series)
    as_of = max(each.history.extracted_at for each in series)
    is_past = as_of.date() > facts.last_day
    return Verdict(
        price=_price(series),
        trust=_trust(facts, series),
        freshness=_freshness(facts, series, newest_at, as_of),
        oddities=_oddities(facts),
        newest_at=f"{newest_at.isoformat()}Z",
        is_past=is_past,
    )


def _price(series: Sequence[Series]) -> Finding:
    question = "What did the price do?"
    moving = [each for each in series if each.window]
    if len(series) == 1 or not moving:
        only = series[0]
        price = f"{only.price(only.last['close'])} {only.vs_currency.upper()}"
        if not only.window:
            return Finding(question, price, (f"on {formatting.day_text(only.last['date'])}",), "warning")
        candles = [published.candle_of(row) for row in only.window]
        return Finding(question, price, tuple(text for text, _ in formatting.change_texts(candles)))
    changes = sorted((each.change, each.name) for each in moving)
    up, down = sum(moved > 0 for moved, _ in changes), sum(moved < 0 for moved, _ in changes)
    ends = [f"{formatting.change_text(moved)} {name}" for moved, name in (changes[-1], changes[0])]
    since = f"{len(moving)} series, since {formatting.day_text(series[0].first_day)}"
    return Finding(question, f"{up} up, {down} down", (since, *ends))


def _trust(facts: Facts, series: Sequence[Series]) -> Finding:
    """As good as its weakest part: checks, days, the least covered of them, the second opinion."""
    question = "Can I trust it?"
    outcomes = Counter(row["outcome"] for row in facts.tables["run_checks"].records)
    window = [row for each in series for row in each.window]
    statuses = Counter(row["status"] for row in window)
    expected = len(facts.requested_pairs) * ((facts.last_day - facts.first_day).days + 1)
    missing = expected - len(window)
    opinions = Counter(row["verdict"] for row in _in_window(facts, "second_opinions"))
    ran, warned = sum(outcomes.values()), sum(outcomes.values()) - outcomes["pass"]
    days = [f"{statuses[status]:,} {status}" for status in ("final", "provisional", "open") if statuses[status]]
    days += [f"{missing:,} without data"] if missing else []
    lines = [f"{outcomes['pass']:,} of {ran:,} checks passed" + (f", {warned} warned" if warned else "")]
    lines.append(f"{', '.join(days)}, since {formatting.day_text(facts.first_day)}")
    doubts = Counter(doubt for row in window for doubt in row.get("doubts") or ())
    lines += [f"doubted: {', '.join(f'{name} ({count})' for name, count in sorted(doubts.items()))}"] if doubts else []
    least = min((row["coverage"] for row in window), default=0.0)
    if least < 1:
        lines.append(f"least coverage of a day {formatting.percent_text(least)}")
    compared = opinions["agrees"] + opinions["differs"]
    agreed = f"second opinion agrees on {opinions['agrees']:,} of {compared:,} days"
    lines.append(agreed if compared else "no second opinion")
    lines.append(f"whole history {facts.publication.get('proved', 'not proved yet')}")
    absent = set(facts.requested_pairs) - {(each.coin_id, each.vs_currency) for each in series}
    lines += [f"no candle: {', '.join(' / '.join(pair) for pair in sorted(absent)[:3])}"] if absent else []
    if facts.is_sample:
        lines.append("SAMPLE: not market data")
    if not ran:
        return Finding(question, "Not checked", tuple(lines), "warning")
    if not window:
        return Finding(question, "No: nothing is new", tuple(lines), "warning")
    if opinions["differs"]:
        return Finding(question, "Not without a look", tuple(lines), "warning")
    if absent:
        return Finding(question, "Not all of it", tuple(lines), "warning")
    if statuses["provisional"] or missing or least < float(facts.setting("pipeline", "min_coverage") or 0.9):
        return Finding(question, "Mostly", tuple(lines), "notice")
    if warned:
        return Finding(
            question, f"Yes, with {warned} {'warning' if warned == 1 else 'warnings'}", tuple(lines), "notice"
        )
    return Finding(question, "Yes", tuple(lines), "notice" if facts.is_sample else "good")


def _freshness(facts: Facts, series: Sequence[Series], newest_at: datetime, as_of: datetime) -> Finding:
    question = "Is it fresh?"
    lines = [
        f"newest price {formatting.instant_text(newest_at.replace(tzinfo=timezone.utc))}",
        f"requested {formatting.instant_text(as_of.replace(tzinfo=timezone.utc))}",
    ]
    if as_of.date() > facts.last_day:
        return Finding(question, "Past days" if "_" in facts.name else "A past day", tuple(lines), "notice")
    limit = timedelta(hours=float(facts.setting("pipeline", "max_age_hours") or 6))
    late = [each.name for each in series if as_of - each.last["last_point_at"] > limit]
    if late:
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        lines.append(f"older than {limit / timedelta(hours=1):g} h: {', '.join(late[:3])}{more}")
    words = f"{formatting.age_text(as_of - newest_at)} old when requested"
    return Finding(question, words, tuple(lines), "warning" if late else "good")


def _oddities(facts: Facts) -> Finding:
    question = "What was odd?"
    begin, end = _bounds(facts)
    gaps = OpenGaps.of(
        row for row in facts.of_requested("price_gaps") if row["gap_to"] > begin and row["gap_from"] < end
    )
    counts = {
        ("anomaly", "anomalies"): len(_in_window(facts, "price_anomalies")),
        ("revision", "revisions"): sum(
            begin <= row["revised_at"] and row["date"] <= facts.last_day
            for row in facts.of_requested("candle_revisions")
        ),
        ("open gap", "open gaps"): len(gaps.notable),
    }
    counted = [f"{count:,} {one if count == 1 else many}" for (one, many), count in counts.items() if count]
    rest = [rest_text(gaps.single_slots)] if gaps.single_slots else []
    lines = [*gaps.lines(3), *rest]
    checks = [row["check_name"] for row in facts.tables["run_checks"].records if row["outcome"] != "pass"]
    lines += [f"a check warned: “{check_words(check)}”" for check in checks[:3]]
    if not counted and not checks:
        return Finding(question, "Nothing", (f"since {formatting.day_text(facts.first_day)}", *rest))
    is_bad = bool(counts["anomaly", "anomalies"])
    words = ", ".join(counted) or f"{len(checks)} {'check' if len(checks) == 1 else 'checks'} warned"
    return Finding(question, words, tuple(lines), "warning" if is_bad else "notice")


def _bounds(facts: Facts) -> tuple[datetime, datetime]:
    """The window, as naive instants, as DuckDB has them."""
    first, last = (datetime.combine(day, datetime.min.time()) for day in (facts.first_day, facts.last_day))
    return first, last + timedelta(days=1)


def _in_window(facts: Facts, name: str) -> list[DayRow]:
    """A table's rows of the pairs that the run had to request, if their day is in the window."""
    return [row for row in facts.of_requested(name) if facts.first_day <= row["date"] <= facts.last_day]


def check_words(name: str) -> str:
    """`singular:assert_no_gap_is_open` -> `no gap is open`; `generic:daily_candlestick.open.not_null` as it is."""
    kind, _, rest = name.partition(":")
    return rest.removeprefix("assert_").replace("_", " ") if kind in {"singular", "unit"} else rest
