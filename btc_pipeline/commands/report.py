"""What `report` and `open` do: write the report of what is published, or show it in the browser.

Reads the published database, as any reader would; fetches and builds nothing.
"""

from __future__ import annotations

import contextlib
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from btc_pipeline.errors import ConfigurationError, VisualizationError
from btc_pipeline.lake import versions
from btc_pipeline.observe import log
from btc_pipeline.settings import parsers
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.terminal.summary import near
from btc_pipeline.warehouse import published


def report(configured: Settings, workspace: Workspace, *, is_json: bool) -> str:
    """The path of the report, written anew; or its facts as JSON, and nothing written.

    If a run of a past day has published since, it is the report that the run of the newest day has written.

    Raises:
        ConfigurationError: nothing is published.
        PublishingError: what is published is of another contract.
        VisualizationError: there is no candle to report, or one cannot be shown.
    """
    from btc_pipeline.visualize.report import write

    about = _publication(workspace)
    path = _of(workspace, about)
    newer = versions.newer_run(workspace, about)
    of_newest = _of(workspace, newer) if newer else path
    if of_newest != path and of_newest.with_suffix(".json" if is_json else ".html").exists():
        log.info("the %s has published since; its own report: %s", published.run_of(about), near(path))
        return of_newest.with_suffix(".json").read_text(encoding="utf-8") if is_json else str(of_newest)
    try:
        if is_json:
            return write.as_json(workspace.published)
        return str(write.write(workspace.published, path, configured.chart.moving_averages)[0])
    except (ValueError, ArithmeticError, TypeError) as error:
        raise VisualizationError(f"the report cannot be written: {error}", "run the pipeline") from None


def open_(configured: Settings, workspace: Workspace, name: str | None) -> str:
    """Show a report in the browser: by its name, or that of the newest run; returns its path.

    If there is no report at all, that of what is published is written first.

    Raises:
        ConfigurationError: there is no report of this name, nothing is published, or there is no browser here.
    """
    path = _named(workspace, name) if name else _newest(workspace) or Path(report(configured, workspace, is_json=False))
    if not webbrowser.open(path.absolute().as_uri()):
        raise ConfigurationError(f"there is no browser here: {path}", "copy the file to where there is one")
    return str(path)


def _named(workspace: Workspace, name: str) -> Path:
    path = workspace.reports / f"{name}.html"
    if not path.exists():
        there = sorted(each.stem for each in workspace.reports.glob("[0-9]*.html"))
        raise ConfigurationError(
            f"there is no report {name}: {path}",
            f"choose one of {len(there)}, the newest is {there[-1]}" if there else "run the pipeline",
        )
    return path


def _newest(workspace: Workspace) -> Path | None:
    """By the day in its name; other files are skipped."""
    found = {}
    for path in workspace.reports.glob("*.html"):
        with contextlib.suppress(ValueError):
            found[parsers.day(path.stem)] = path
    return found[max(found)] if found else None


def _of(workspace: Workspace, about: Mapping[str, str]) -> Path:
    from btc_pipeline.visualize.report import facts

    return workspace.reports / f"{facts.name_of(about)}.html"


def _publication(workspace: Workspace) -> dict[str, str]:
    try:
        return published.checked_facts(published.publication(workspace.published), workspace.published)
    except FileNotFoundError:
        advice = published.what_to_type(workspace.published)
        raise ConfigurationError(f"nothing is published: {workspace.published}", advice) from None
