"""The report's page: one HTML file that needs no network, opens anywhere, and runs only its own scripts.

Pure: takes facts, gives text. All that comes from data is escaped by Jinja; a Content Security Policy names the
page's own scripts and its style by their hashes and forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from btc_pipeline.market import formatting
from btc_pipeline.visualize.report import sections
from btc_pipeline.visualize.report.facts import Facts
from btc_pipeline.visualize.report.series import DayRow, Series
from btc_pipeline.visualize.report.verdict import Verdict

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("lightweight-charts-5.2.1.js", "report.js")
_SPARK_POINTS = 60
_MOST_NAMED = 3


def render(facts: Facts, series: Sequence[Series], judged: Verdict, averages: Sequence[int] = ()) -> str:
    """The HTML, with moving averages of these periods, in days. The same facts give the same page."""
    style, scripts = asset("style.css"), [asset(name) for name in _SCRIPTS]
    return (
        environment()
        .get_template("page.html")
        .render(
            policy=policy(style, scripts),
            style=Markup(style),
            scripts=[Markup(script) for script in scripts],
            title=title(series),
            name=facts.name,
            run=facts.run,
            is_sample=facts.is_sample,
            about=facts.publication,
            verdict=judged,
            max_age_hours=facts.setting("pipeline", "max_age_hours") or "6",
            overview=[_overview(each) for each in series],
            newest_days=[_day(series[0], row) for row in reversed(series[0].window)],
            averages=",".join(map(str, averages)),
            days=(facts.last_day - facts.first_day).days + 1,
            parts=sections.of(facts),
            series=[Markup(each.packed()) for each in series],
            older=sum(each.history.older for each in series),
            about_series=Markup(_json_in_html([each.about() for each in series])),
        )
    )


def title(series: Sequence[Series]) -> str:
    """`Bitcoin / USD`, `Bitcoin / USD, Ethereum / USD`, or, if they are many, how many."""
    return ", ".join(each.name for each in series) if len(series) <= _MOST_NAMED else f"{len(series)} series"


@cache
def environment() -> Environment:
    """Jinja, with everything escaped and no name left undefined."""
    loader = FileSystemLoader(_ASSETS)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def asset(name: str) -> str:
    """A file that comes with the report, as text."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def policy(style: str, scripts: Sequence[str] = ()) -> str:
    """The Content Security Policy: the page's own style and scripts, pictures of its own making, and nothing else."""
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json_in_html(value: Any) -> str:
    """JSON that no HTML parser takes for markup, and no script for more than a value."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _overview(series: Series) -> dict[str, str]:
    """A pair's line in the table of all: its last price and change, and the shape of its window."""
    week, change = series.window or [series.last], series.change
    counts = {status: sum(row["status"] == status for row in week) for status in ("final", "provisional", "open")}
    return {
        "name": series.name,
        "last": series.price(series.last["close"]),
        "change": formatting.change_text(change),
        "direction": "up" if change > 0 else "down" if change < 0 else "flat",
        "spark": _spark([week[0]["open"], *(row["close"] for row in week[-_SPARK_POINTS:])]),
        "days": ", ".join(f"{count} {status}" for status, count in counts.items() if count),
        "coverage": formatting.percent_text(min(row["coverage"] for row in week)),
    }


def _spark(closes: Sequence[float]) -> str:
    """Points of an SVG polyline in a box of 100 by 24."""
    low, high = min(closes), max(closes)
    return " ".join(
        f"{100 * i / max(len(closes) - 1, 1):.1f},{22 - 20 * ((close - low) / (high - low) if high > low else 0.5):.1f}"
        for i, close in enumerate(closes)
    )


def _day(series: Series, row: DayRow) -> dict[str, Any]:
    opinion = series.second_opinions.get(row["date"])
    volume = None if row["volume_24h"] is None else float(f"{row['volume_24h']:.4g}")
    return {
        "day": f"{formatting.day_text(row['date'])} {row['date'].year}",
        "prices": [series.price(row[name]) for name in ("open", "high", "low", "close")],
        "volume": "unknown" if volume is None else formatting.volume_text(volume, volume),
        "points": row["points"],
        "coverage": formatting.percent_text(row["coverage"]),
        "slots": f"{row['expected_points']} {row['granularity']}",
        "status": ": ".join(filter(None, (row["status"], ", ".join(row.get("doubts") or ())))),
        "opinion": "" if opinion is None else f"{opinion:.3g} bp",
    }
