"""Writing a run's report: the page, the same facts as JSON, and the index of past runs, each file whole.

Reads the published database and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from btc_pipeline import files
from btc_pipeline.report import facts, index, page, series, verdict


def write(database: Path, path: Path, averages: Sequence[int] = ()) -> list[Path]:
    """Write the report of what is published to `path`, a `.html`, and its JSON beside it.

    `averages` are the periods of the moving averages that the chart shows, in days.
    Returns the two files, which the run vouches for; the index beside them changes with each run.

    Raises:
        FileNotFoundError: nothing is published.
        ValueError: there is no candle.
        warehouse.DatabaseError: the database cannot be read.
        OSError: a file cannot be written.
    """
    known = facts.read(database)
    pairs = series.of(known)
    if not pairs:
        raise ValueError("there is no candle to report")
    judged = verdict.of(known, pairs)
    line = index.line(known, page.title(pairs), judged)
    machine = path.with_suffix(".json")
    told = {"verdict": judged.as_json(), "index": line, **known.as_json()}
    files.write(machine, json.dumps(told, separators=(",", ":")).encode())
    files.write(path, page.render(known, pairs, judged, averages).encode())
    index.update(path.parent, line)
    return [path, machine]
