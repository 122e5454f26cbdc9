"""Extracting history: request the chunks that the archive lacks, all coins in one connector process.

Knows where answers lie. `coverage.py` says which chunks are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from btc_pipeline.errors import ExtractionError
from btc_pipeline.extract import coverage, fetch
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import Span
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress


@dataclass(frozen=True)
class Brought:
    """What is there now: the answers that cover the span, which pairs are not covered and why, and facts."""

    files: list[Path]
    uncovered: dict[str, ExtractionError]
    facts: dict[str, Any]


def missing(
    settings: Settings, workspace: Workspace, run_date: date, span: Span, *, is_newest_first: bool = True
) -> list[raw_archive.Request]:
    """The requests without an archived answer, chunk by chunk, and in each chunk pair by pair."""
    now = settings.instant()
    numbered = [
        (number, coverage.request(settings, pair, chunk, run_date, now))
        for pair in settings.pairs
        for number, chunk in enumerate(
            coverage.chunks(
                span, coverage.covering(settings, workspace, pair, span)[0], is_newest_first=is_newest_first
            )
        )
    ]
    return [request for _, request in sorted(numbered, key=lambda each: each[0])]


def answers(
    settings: Settings, workspace: Workspace, run_date: date, span: Span, progress: Progress, *, is_newest_first: bool
) -> Brought:
    """Request what is missing. After an interruption no archived chunk is requested again.

    Raises:
        ExtractionError: no day of the span has an answer.
    """
    wanted = missing(settings, workspace, run_date, span, is_newest_first=is_newest_first)
    options = fetch.Options(workspace.history_cache, takes_empty=True)
    fetched = fetch.fetch(settings, workspace, wanted, options, progress) if wanted else None
    failed = {str(request.pair): error for request, error in reversed(fetched.failed)} if fetched else {}
    files: list[Path] = []
    uncovered: dict[str, ExtractionError] = {}
    for pair in settings.pairs:
        covered, used = coverage.covering(settings, workspace, pair, span)
        files += [
            path
            for each in used
            for path in (workspace.raw / each.file, raw_archive.manifest_of(workspace.raw, each.file))
        ]
        if left := len(span.days) - len(covered):
            uncovered[str(pair)] = failed.get(str(pair)) or ExtractionError(
                f"CoinGecko's answers do not cover {pair}: {left} days of {span} are without good prices",
                "run it again: it requests these days again; or choose a later --start",
            )
    if not files:
        raise next(iter(uncovered.values()))
    facts = {"span": str(span).replace(" to ", ".."), "planned": len(wanted)}
    if fetched:
        facts |= {"answers": len(fetched.charts), "calls": fetched.calls, "waited": f"{fetched.waited_seconds:.0f}s"}
    return Brought(sorted(set(files)), uncovered, facts | ({"refused": len(uncovered)} if uncovered else {}))
