"""The index of past runs: one line for each report that is there.

Keeps its lines in `index.json`, so that a thousand reports need not be read for one more; a line that is missing there
is taken from the report's own JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeGuard

from markupsafe import Markup

from btc_pipeline.settings import parsers
from btc_pipeline.system import files
from btc_pipeline.system.files import read_json
from btc_pipeline.visualize.report import page
from btc_pipeline.visualize.report.facts import Facts
from btc_pipeline.visualize.report.verdict import Verdict

IndexLine = dict[str, str]
_KEYS = ("name", "run_date", "title", "price", "trust", "freshness", "oddities", "published_at", "is_sample")


def line(facts: Facts, title: str, judged: Verdict) -> IndexLine:
    """A report's line."""
    answers = {name: answer.words for name, answer in zip(_KEYS[3:7], judged.answers, strict=True)}
    about = {name: facts.publication[name] for name in ("run_date", "published_at", "is_sample")}
    return {"name": facts.name, "title": title, **answers, **about}


def update(folder: Path, newest: IndexLine) -> Path:
    """Write the index of all reports in a folder, one of which has just been written; returns the page's path."""
    known = _kept(folder / "index.json")
    known[newest["name"]] = newest
    names = [path.stem for path in folder.glob("*.html") if _is_name(path.stem)]
    lines = [known.get(name) or _line_of(folder / f"{name}.json", name) for name in names]
    lines.sort(key=lambda each: (each["name"].rpartition("_")[2], each["name"]), reverse=True)  # by the last day
    files.write(folder / "index.json", (json.dumps({"runs": lines}, indent=1) + "\n").encode())
    path = folder / "index.html"
    files.write(path, _rendered(lines).encode())
    return path


def _kept(path: Path) -> dict[str, IndexLine]:
    """The lines of a former index, by name, without those of reports that are newer than the index."""
    runs = read_json(path).get("runs")
    lines = [each for each in map(_named, runs) if _is_line(each)] if isinstance(runs, list) else []
    return {each["name"]: each for each in lines if not _is_newer(path.with_name(f"{each['name']}.json"), path)}


def _is_newer(report: Path, index: Path) -> bool:
    return report.exists() and report.stat().st_mtime_ns > index.stat().st_mtime_ns


def _rendered(lines: Sequence[IndexLine]) -> str:
    style = page.asset("style.css")
    return (
        page.environment()
        .get_template("index.html")
        .render(
            policy=page.policy(style),
            style=Markup(style),
            runs=lines,
            is_sample=any(each["is_sample"] != "false" for each in lines),
        )
    )


def _line_of(report: Path, name: str) -> IndexLine:
    """The line that a report's JSON holds; if it is damaged, the name alone."""
    found = _named(read_json(report).get("index"))
    if _is_line(found) and found["name"] == name:
        return found
    return {**dict.fromkeys(_KEYS, ""), "name": name, "run_date": name.rpartition("_")[2], "is_sample": "false"}


def _named(line: object) -> object:
    """An old line, from before backfills had reports, has no name; its day is its name."""
    return {"name": line.get("run_date"), **line} if isinstance(line, dict) else line


def _is_line(value: object) -> TypeGuard[IndexLine]:
    return (
        isinstance(value, dict) and value.keys() == set(_KEYS) and all(isinstance(each, str) for each in value.values())
    )


def _is_name(text: str) -> bool:
    try:
        parsers.report_name(text)
    except ValueError:
        return False
    return True
