"""Writing a run's report: the page, the same facts as JSON, and the index of past runs, each file whole.

Reads the published database and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from btc_pipeline.system import files
from btc_pipeline.visualize.report import facts, index, page, series, verdict
from btc_pipeline.visualize.report.facts import Facts
from btc_pipeline.visualize.report.series import Series
from btc_pipeline.visualize.report.verdict import Verdict


@dataclass(frozen=True)
class _Known:
    """What is published, and the verdict on it."""

    facts: Facts
    pairs: list[Series]
    judged: Verdict
    line: index.IndexLine

    def as_json(self) -> str:
        content = {"verdict": self.judged.as_json(), "index": self.line, **self.facts.as_json()}
        return json.dumps(content, separators=(",", ":"), allow_nan=False)


def write(database: Path, path: Path, averages: Sequence[int] = ()) -> list[Path]:
    """Write the report of what is published to `path`, a `.html`, and its JSON beside it.

    `averages` are the periods of the moving averages that the chart shows, in days.
    Returns the two files; the run's marker holds their checksums. The index beside them changes with each run.

    Raises:
        FileNotFoundError: nothing is published.
        ValueError: there is no candle.
        DatabaseError: the database cannot be read.
        OSError: a file cannot be written.
    """
    known = _read(database)
    machine = path.with_suffix(".json")
    files.write(machine, known.as_json().encode())
    files.write(path, page.render(known.facts, known.pairs, known.judged, averages).encode())
    index.update(path.parent, known.line)
    return [path, machine]


def as_json(database: Path) -> str:
    """The facts of the report, for machines; raises what `write` does."""
    return _read(database).as_json()


def _read(database: Path) -> _Known:
    known = facts.read(database)
    pairs = series.of(known)
    if not pairs:
        raise ValueError("there is no candle to report")
    judged = verdict.of(known, pairs)
    return _Known(known, pairs, judged, index.line(known, page.title(pairs), judged))
